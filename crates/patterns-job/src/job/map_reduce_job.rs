//! The job of a map-reduce: documents, what is done with each, and how the answers are combined.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};

use patterns_parallel::map_reduce::{CodeReduce, Topology};
use patterns_source::{Format, Keep, Records, Template, TextEncoding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input_part::InputPart;
use super::output_part::OutputPart;
use super::parts::{ModelPart, RunPart, SchemaSource, SpendPart, StorePart, is_default};
use super::spelled::Spelled;
use super::units::ByteSize;
use crate::job_error::JobError;
use crate::pattern::Unsupported;

/// Says that a job is a map-reduce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MapReducePattern {
    /// It always is.
    #[default]
    MapReduce,
}

/// An agent per document, and the combination of their answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapReduceJob {
    /// Which pattern it is.
    pub pattern: MapReducePattern,
    /// The documents: files, directories, globs, or `-` for standard input.
    pub inputs: Vec<PathBuf>,
    /// Whether documents or chunks without an answer are no failure.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_gaps: bool,
    /// How many of them are worked on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub input: InputPart,
    /// How documents are read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub source: SourcePart,
    /// What is done with each.
    #[serde(default, skip_serializing_if = "is_default")]
    pub map: MapPart,
    /// How the answers are combined.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reduce: Reduce,
    /// Models with a part of their own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub models: MapReduceModels,
    /// Who answers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub model: ModelPart,
    /// How the run is carried out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run: RunPart,
    /// What it may spend.
    #[serde(default, skip_serializing_if = "is_default")]
    pub spend: SpendPart,
    /// Where answers are recorded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub store: StorePart,
    /// Where the result goes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: OutputPart,
}

/// How documents are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourcePart {
    /// What files are read as, in place of what their names say: `text`, `markdown`, `html`, `pdf`,
    /// `docx`, `mail`, `mailbox`, `jsonl`, `csv`, `tsv`, `parquet` or `picture`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Spelled<Format>>,
    /// The encoding of texts, such as `windows-1252`; found out where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Spelled<TextEncoding>>,
    /// What separates the fields of CSV files; found out where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// How texts are divided into records: `line`, `blank` or `start:PATTERN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Spelled<Records>>,
    /// The field of a row with the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_field: Option<String>,
    /// The text of a row, made of its fields, such as `{{ title }}: {{ body }}`, in the language of Jinja.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_template: Option<Spelled<Template>>,
    /// The field of a row with its id; `id` where it is missing, else the place of the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_field: Option<String>,
    /// The largest document that is read, such as `64m`; `32m` where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_document_size: Option<Spelled<ByteSize>>,
    /// Documents of more tokens are cut into chunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk_tokens: Option<NonZeroU64>,
    /// Tokens of a chunk that the next one repeats, at most half of it.
    #[serde(skip_serializing_if = "is_default")]
    pub chunk_overlap: u64,
    /// Whether everything is read and checked before the first call.
    #[serde(skip_serializing_if = "is_default")]
    pub strict: bool,
}

/// What is done with each document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MapPart {
    /// What to do, on top of the instructions for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// The schema of the answer, if it is not a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaSource>,
    /// A JSONL file of examples, each `{"input": …, "output": …}` with an answer as output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub examples: Option<PathBuf>,
    /// How often it is asked what was missed, if it is; up to 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glean: Option<NonZeroU32>,
}

/// How the answers are combined: `none`, or by one of three ways, each with a table of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reduce {
    /// They are not: each is a row of the result.
    None,
    /// An agent combines them.
    Agent(AgentReduce),
    /// Code computes a table, without a model.
    Code(CodePart),
    /// Answers are statements whose sources and quotes code checks at every combination.
    Statements(StatementsReduce),
}

impl Default for Reduce {
    fn default() -> Self {
        Self::Agent(AgentReduce::default())
    }
}

/// How an agent combines answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgentReduce {
    /// How to combine them, on top of the instructions for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// The schema of the combination, if it is not a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaSource>,
    /// Which answers are combined, and when.
    #[serde(skip_serializing_if = "is_default")]
    pub topology: Topology,
    /// Tokens of answers that one call may combine, at least 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<NonZeroU64>,
    /// Answers that a call combines on average, from 2 to 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fan_in: Option<NonZeroU32>,
}

/// What code computes from the answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodePart {
    /// The columns of the table, such as `count`, `sum:total` or `top:3:tag`.
    pub columns: Vec<Spelled<CodeReduce>>,
    /// The field whose values are the groups that are reduced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_by: Option<String>,
    /// The field with a list of rows; columns and groups then name fields of a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// Whether a model is asked which groups have the same name in other words.
    #[serde(default, skip_serializing_if = "is_default")]
    pub resolve_keys: bool,
}

/// How statements are combined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatementsReduce {
    /// How to combine them, on top of the instructions for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// What becomes of statements whose sources or quotes are wrong.
    #[serde(skip_serializing_if = "is_default")]
    pub unsupported: Unsupported,
    /// Which answers are combined, and when.
    #[serde(skip_serializing_if = "is_default")]
    pub topology: Topology,
    /// Tokens of answers that one call may combine, at least 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<NonZeroU64>,
    /// Answers that a call combines on average, from 2 to 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fan_in: Option<NonZeroU32>,
}

/// Models with a part of their own in a map-reduce.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MapReduceModels {
    /// Who reads the documents, if it is not the model of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
    /// Who combines the answers, if it is not the model of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reduce: Option<String>,
}

impl MapReduceJob {
    /// Makes the job of working on documents.
    pub fn new(inputs: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self {
            inputs: inputs.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Checks that every key has an effect beside the others.
    pub(crate) fn check(&self) -> Result<(), JobError> {
        if self.inputs.is_empty() {
            let message = "`inputs` names no document";
            return Err(JobError::of_key("inputs", message).help("name files, folders or globs"));
        }
        self.input.check()?;
        self.source.check()?;
        self.check_map()?;
        self.check_reducer()?;
        if let Reduce::Code(code) = &self.reduce {
            code.check()?;
        }
        self.reduce.calls().map_or(Ok(()), |it| it.check())?;
        let is_table = matches!(self.reduce, Reduce::Code(_) | Reduce::None);
        self.output.check_is_table(is_table)?;
        self.check_keep()
    }

    fn check_keep(&self) -> Result<(), JobError> {
        let help = match self.reduce {
            Reduce::Code(_) => {
                "leave it out; `reduce.code.group_by` in.NAME groups by a column of the input"
            }
            _ => "leave it out, or do not combine: `reduce.none`",
        };
        let is_row = matches!(self.reduce, Reduce::None);
        self.output.check_keep(is_row, help)?;
        let is_piped = self.inputs.iter().any(|it| it == Path::new("-"));
        if is_piped && self.output.kept() == Some(Keep::All) {
            let message =
                "`output.keep` all: which columns standard input has is known only at its end";
            let help =
                "name the columns, such as `output.keep` id,title, or name a file as the input";
            return Err(JobError::of_key("output.keep", message).help(help));
        }
        Ok(())
    }

    fn check_reducer(&self) -> Result<(), JobError> {
        let asks = match &self.reduce {
            Reduce::Agent(_) => true,
            Reduce::Code(code) => code.resolve_keys,
            Reduce::None | Reduce::Statements(_) => false,
        };
        if asks || self.models.reduce.is_none() {
            return Ok(());
        }
        let message = "`models.reduce` combines answers, and it is not asked for that";
        let help = "leave `models.reduce` out, or combine with `reduce.agent`";
        Err(JobError::of_key("models.reduce", message).help(help))
    }

    fn check_map(&self) -> Result<(), JobError> {
        let is_of_statements = matches!(self.reduce, Reduce::Statements(_));
        if is_of_statements && self.map.schema.is_some() {
            let message = "statements have a schema of their own, in place of `map.schema`";
            return Err(JobError::of_key("map.schema", message).help("leave `map.schema` out"));
        }
        if is_of_statements && self.map.examples.is_some() {
            let message =
                "`map.examples` are of answers, and statements quote the document at hand";
            return Err(JobError::of_key("map.examples", message).help("leave `map.examples` out"));
        }
        if self.map.glean.is_some() && self.map.schema.is_none() {
            let message = "`map.glean` adds to the lists of a schema, and there is no `map.schema`";
            return Err(JobError::of_key("map.glean", message).help("write a `map.schema`"));
        }
        if self.map.glean.is_some_and(|it| it.get() > 20) {
            return Err(JobError::of_key("map.glean", "`map.glean` is at most 20"));
        }
        Ok(())
    }
}

/// How calls combine answers, whatever these are.
pub(crate) struct Calls<'a> {
    /// The table of the job that says so.
    table: &'static str,
    pub(crate) told: Option<&'a str>,
    pub(crate) topology: Topology,
    pub(crate) tokens: Option<NonZeroU64>,
    pub(crate) fan_in: Option<NonZeroU32>,
}

impl Reduce {
    /// Returns how calls combine answers, if any do.
    pub(crate) fn calls(&self) -> Option<Calls<'_>> {
        match self {
            Self::Agent(it) => Some(Calls {
                table: "reduce.agent",
                told: it.instructions.as_deref(),
                topology: it.topology,
                tokens: it.tokens,
                fan_in: it.fan_in,
            }),
            Self::Statements(it) => Some(Calls {
                table: "reduce.statements",
                told: it.instructions.as_deref(),
                topology: it.topology,
                tokens: it.tokens,
                fan_in: it.fan_in,
            }),
            Self::None | Self::Code(_) => None,
        }
    }
}

impl Calls<'_> {
    fn check(&self) -> Result<(), JobError> {
        let wrong = |name: &str, bounds: &str| {
            let key = format!("{}.{name}", self.table);
            Err(JobError::of_key(&key, format!("`{key}` is {bounds}")))
        };
        if self.tokens.is_some_and(|it| it.get() < 100) {
            return wrong("tokens", "at least 100");
        }
        if self.fan_in.is_some_and(|it| !(2..=64).contains(&it.get())) {
            return wrong("fan_in", "from 2 to 64");
        }
        Ok(())
    }
}

impl SourcePart {
    fn check(&self) -> Result<(), JobError> {
        if self.text_field.is_some() && self.text_template.is_some() {
            let message =
                "`source.text_field` and `source.text_template` both say what the text is";
            return Err(JobError::of_key("source.text_template", message).help("leave one out"));
        }
        if self.chunk_overlap > 0 && self.chunk_tokens.is_none() {
            let message = "`source.chunk_overlap` is of chunks, and there are none";
            let help = "write `source.chunk_tokens`, or leave it out";
            return Err(JobError::of_key("source.chunk_overlap", message).help(help));
        }
        if self
            .delimiter
            .is_some_and(|it| ['"', '\n', '\r'].contains(&it))
        {
            let message = "`source.delimiter` is another character";
            return Err(JobError::of_key("source.delimiter", message));
        }
        Ok(())
    }
}

impl CodePart {
    fn check(&self) -> Result<(), JobError> {
        if self.columns.is_empty() {
            let message = "`reduce.code.columns` names no column";
            let help = "write count, or sum:FIELD";
            return Err(JobError::of_key("reduce.code.columns", message).help(help));
        }
        if self.resolve_keys && self.group_by.is_none() {
            let message = "`reduce.code.resolve_keys` is about groups, and there are none";
            let help = "write `reduce.code.group_by`, or leave it out";
            return Err(JobError::of_key("reduce.code.resolve_keys", message).help(help));
        }
        Ok(())
    }
}
