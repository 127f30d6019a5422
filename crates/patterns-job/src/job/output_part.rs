//! Where the result goes, and in which form: the one that is given, else the one that the ending of the
//! file stands for.

use std::path::{Path, PathBuf};

use patterns_source::Keep;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job_error::JobError;

/// Where the result goes, and in which form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutputPart {
    /// The form of the result; where it is missing, what the ending of the file says, else text to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// The file of the result; standard output where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The columns of the input's rows that the rows of the result have, too; `["all"]` for all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// The file of what happens: one JSON object per line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<PathBuf>,
}

/// Endings of files that are never written: programs would take such a file for something that is not in it.
const OTHERS: [&str; 20] = [
    "arrow", "avro", "bz2", "doc", "docx", "feather", "gz", "ods", "odt", "orc", "pdf", "rtf",
    "tab", "tsv", "xls", "xlsx", "xml", "xz", "zip", "zst",
];

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Text to read.
    #[default]
    Human,
    /// One JSON object; of a batch, or without a reduce, the same as jsonl.
    Json,
    /// A JSON object per branch and line, the outcome last; of a table, per row.
    Jsonl,
    /// The rows of a table: of a reduce by code, of no reduce, or of a batch.
    Csv,
    /// The same as Parquet.
    Parquet,
    /// The same as a SQLite database, in its table results.
    Sqlite,
    /// A web page, of sections.
    Html,
}

impl Form {
    /// Returns how it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Sqlite => "sqlite",
            Self::Html => "html",
        }
    }

    /// Returns the form that the ending of a file stands for, if it stands for one.
    fn of_ending(file: &Path) -> Option<Self> {
        let ending = file.extension()?.to_str()?.to_ascii_lowercase();
        Some(match &*ending {
            "md" | "markdown" => Self::Human,
            "json" => Self::Json,
            "jsonl" | "ndjson" => Self::Jsonl,
            "csv" => Self::Csv,
            "parquet" => Self::Parquet,
            "db" | "sqlite" | "sqlite3" => Self::Sqlite,
            "html" | "htm" => Self::Html,
            _ => return None,
        })
    }

    /// Returns whether a file of this ending may hold it. JSON is in either file of JSON: whoever says
    /// which means it.
    fn fits(self, ending: Self) -> bool {
        let is_json = |it| matches!(it, Self::Json | Self::Jsonl);
        self == ending || (is_json(self) && is_json(ending))
    }
}

impl OutputPart {
    /// Returns the form of the result: the one that is given, else that of the file's ending.
    pub fn form(&self) -> Form {
        self.form.or(self.form_of_file()).unwrap_or_default()
    }

    /// Returns the form that the ending of the file stands for, if it stands for one.
    pub fn form_of_file(&self) -> Option<Form> {
        Form::of_ending(self.file.as_deref()?)
    }

    /// Checks that the ending of the file does not contradict the form that is given, or what is written.
    pub(super) fn check_ending(&self) -> Result<(), JobError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let ending = file.extension().and_then(|it| it.to_str());
        if ending.is_some_and(|it| OTHERS.iter().any(|other| it.eq_ignore_ascii_case(other))) {
            let message = format!(
                "`output.file` {} ends as a form that is not written",
                file.display()
            );
            let help = "end it in .csv, .json, .jsonl, .parquet, .db, .html, .md or .txt";
            return Err(JobError::of_key("output.file", message).help(help));
        }
        let (Some(form), Some(ending)) = (self.form, self.form_of_file()) else {
            return Ok(());
        };
        if form.fits(ending) {
            return Ok(());
        }
        let (form, file) = (form.name(), file.display());
        let message = match ending {
            Form::Human => format!("`output.form` is {form}, and `output.file` {file} is Markdown"),
            other => format!(
                "`output.form` is {form}, and `output.file` {file} is {}",
                other.name()
            ),
        };
        let help = "leave `output.form` out, or give the file another ending";
        Err(JobError::of_key("output.form", message).help(help))
    }

    /// Says that the result cannot have this form, naming what asked for it.
    pub(crate) fn wrong_form(&self, why: &str) -> JobError {
        let form = self.form().name();
        match (self.form, &self.file) {
            (None, Some(file)) => {
                let file = file.display();
                let message = format!("`output.file` {file} is {form} by its ending, and {why}");
                let help = "give it another ending, such as .json or .txt";
                JobError::of_key("output.file", message).help(help)
            }
            _ => JobError::of_key("output.form", format!("`output.form` {why}"))
                .help("choose another"),
        }
    }

    /// Returns which columns of the input's rows the result has, too, if any.
    pub fn kept(&self) -> Option<Keep> {
        match &self.keep[..] {
            [] => None,
            [all] if all == "all" => Some(Keep::All),
            names => Some(Keep::Named(names.to_vec())),
        }
    }

    /// Checks that a result can have columns of its input, if it is to have any.
    pub(crate) fn check_keep(&self, has_rows: bool, help: &str) -> Result<(), JobError> {
        if !self.keep.is_empty() && !has_rows {
            let message = "`output.keep` is for results with a row for each row of the input, and this has none";
            return Err(JobError::of_key("output.keep", message).help(help));
        }
        if !self.keep.is_empty() && matches!(self.form(), Form::Human | Form::Html) {
            let message = "`output.keep` is for tables and JSON, and the result is text to read";
            let help = "choose `output.form` csv, jsonl, parquet or sqlite, or a file that ends so";
            return Err(JobError::of_key("output.keep", message).help(help));
        }
        let mut names = self.keep.iter().enumerate();
        match names.find(|(at, name)| self.keep[..*at].contains(name)) {
            Some((_, name)) => {
                let message = format!("`output.keep` names {name:?} twice");
                Err(JobError::of_key("output.keep", message).help("leave one of them out"))
            }
            None => Ok(()),
        }
    }

    /// Checks that what is to be written as a table is one.
    pub(crate) fn check_is_table(&self, is_table: bool) -> Result<(), JobError> {
        match self.form() {
            Form::Html => {
                Err(self.wrong_form("html is for pieces of writing, which sections make"))
            }
            Form::Csv | Form::Parquet | Form::Sqlite if !is_table => Err(self.wrong_form(
                "csv, parquet and sqlite are for tables: of votes on a batch, or of a map-reduce by \
                 code (`reduce.code`) or without a reduce (`reduce.none`)",
            )),
            _ => Ok(()),
        }
    }
}
