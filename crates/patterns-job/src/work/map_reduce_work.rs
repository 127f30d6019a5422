//! Reads the schemas and the code reductions of a map-reduce. Its documents are read while it runs.

use std::collections::HashSet;

use patterns_core::Contract;
use patterns_parallel::map_reduce::{CodeReduce, KeyedReduce};
use patterns_source::Keep;
use serde_json::{Value, json};

use crate::input::{KeptColumns, check_fields, read_examples, read_schema};
use crate::job::{CodePart, Form, MapReduceJob, Reduce};
use crate::job_error::{JobError, JobErrorKind, unusable};
use crate::pattern::Glean;

/// What a map-reduce works with.
#[derive(Clone, Debug)]
pub struct MapReduceWork {
    /// The job.
    pub job: MapReduceJob,
    /// The schema of the answer to each document, if it is not a summary.
    pub map_schema: Option<Value>,
    /// The schema of the combination, if it is not a summary.
    pub reduce_schema: Option<Value>,
    /// What code computes from the answers, if no model combines them.
    pub code: Option<CodeWork>,
    /// What whoever reads a document is told on top of the instructions for all, examples included.
    pub told: Option<String>,
}

/// What code computes from answers.
#[derive(Clone, Debug)]
pub struct CodeWork {
    /// The columns, groups and rows.
    pub reduce: KeyedReduce,
    /// Whether a model is asked which groups are the same.
    pub resolve_keys: bool,
    /// The columns of the input that it works on.
    pub columns: Vec<String>,
}

impl MapReduceWork {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Returns an error if a schema is missing or not valid, or lacks the fields that are worked on.
    pub fn read(job: MapReduceJob) -> Result<Self, JobError> {
        let map_schema = job.map.schema.as_ref().map(read_schema).transpose()?;
        let (reduce_schema, code) = match &job.reduce {
            Reduce::Agent(it) => (it.schema.as_ref().map(read_schema).transpose()?, None),
            Reduce::Code(it) => (None, Some(code(it, map_schema.as_ref())?)),
            Reduce::None | Reduce::Statements(_) => (None, None),
        };
        if let (Some(_), Some(schema)) = (job.map.glean, &map_schema) {
            Glean::check(schema).map_err(|error| {
                JobError::of_key("map.glean", format!("`map.glean`: {error}")).help(
                    "what is found must be the items of a list: make it a property of type array in \
                     `map.schema`",
                )
            })?;
        }
        let mut told = job.map.instructions.clone();
        if let Some(path) = &job.map.examples {
            let schema = value_schema(map_schema.as_ref(), "document_summary", "summary");
            let contract = Contract::<Value>::from_schema(schema).map_err(unusable)?;
            let examples = read_examples(path, &contract)?;
            told = Some(told.map_or_else(|| examples.clone(), |it| format!("{it}\n\n{examples}")));
        }
        Ok(Self {
            told,
            map_schema,
            reduce_schema,
            code,
            job,
        })
    }

    /// Returns which columns of the input come back with the answers, if any.
    pub fn kept(&self) -> Option<KeptColumns> {
        let keep = match &self.code {
            Some(code) if code.columns.is_empty() => return None,
            Some(code) => Keep::Named(code.columns.clone()),
            None => self.job.output.kept()?,
        };
        let is_typed = matches!(self.job.output.form(), Form::Parquet | Form::Sqlite);
        Some(KeptColumns {
            keep,
            is_typed: is_typed && self.code.is_none(),
        })
    }
}

/// Plans what code computes from the answers.
fn code(part: &CodePart, schema: Option<&Value>) -> Result<CodeWork, JobError> {
    let mut reduce = KeyedReduce::new(part.columns.iter().map(|it| CodeReduce::clone(it)));
    reduce.group_by.clone_from(&part.group_by);
    reduce.each.clone_from(&part.each);
    let of_input = check_fields(schema, &reduce)?;
    let keys = reduce.group_by.iter().cloned();
    let columns = reduce.columns.iter().map(ToString::to_string);
    let mut names = HashSet::new();
    for name in keys.chain(columns) {
        if !names.insert(name.clone()) {
            let message = format!("two columns would be called {name:?}");
            return Err(JobError::new(JobErrorKind::Invalid, message));
        }
    }
    Ok(CodeWork {
        reduce,
        resolve_keys: part.resolve_keys,
        columns: of_input,
    })
}

/// Returns the user's schema, or that of one text where there is none.
pub(crate) fn value_schema(schema: Option<&Value>, title: &str, field: &str) -> Value {
    let text = || {
        json!({
            "title": title,
            "type": "object",
            "properties": {field: {"type": "string"}},
            "required": [field],
        })
    };
    schema.cloned().unwrap_or_else(text)
}
