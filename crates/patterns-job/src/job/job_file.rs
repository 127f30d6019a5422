//! Reads a job from the text of a file, and says where in it something is wrong.
//!
//! A text is read twice: for its pattern, and then as the job of that pattern. serde could read both at once, as
//! a tagged enum, but would not say in which line something is wrong.

use std::collections::HashMap;

use patterns_core::{meant, nearest};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Job;
use super::plain_words::plain_words;
use crate::job_error::{JobError, JobErrorKind, Place};

/// What a job is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobFormat {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

/// What is read first.
#[derive(Deserialize)]
struct Head {
    pattern: Option<String>,
    /// It has serde refuse a list in the place of the table.
    #[serde(flatten)]
    _rest: HashMap<String, IgnoredAny>,
}

impl Job {
    /// Reads a job and checks it.
    ///
    /// # Errors
    ///
    /// Returns an error that names the key and the place of what is wrong, and what may have been
    /// meant.
    pub fn read(text: &str, format: JobFormat) -> Result<Self, JobError> {
        let head: Head = format.read(text)?;
        let job = match head.pattern.as_deref() {
            Some("section") => format.read(text).map(Self::Section),
            Some("vote") => format.read(text).map(Self::Vote),
            Some("map-reduce") => format.read(text).map(Self::MapReduce),
            Some(other) => return Err(no_pattern(other).at(format.place_of(text, "pattern"))),
            None => {
                let message = "the job has no `pattern`";
                let help = "begin with pattern = \"section\", \"vote\" or \"map-reduce\"";
                return Err(JobError::of_key("pattern", message).help(help));
            }
        }?;
        let written: Value = format.read(text)?;
        job.check()
            .and_then(|()| check_texts(&job))
            .and_then(|()| check_tables(&written, &Value::from(&job)))
            .map_err(|error| {
                let place = error.key().and_then(|key| format.place_of(text, key));
                error.at(place)
            })?;
        Ok(job)
    }
}

/// Checks that no text is blank: a name, a file or an instruction without a letter is a mistake of whoever
/// wrote the job, by hand or by a program, and would be taken for another one without a word.
fn check_texts(job: &Job) -> Result<(), JobError> {
    match blank_text(&Value::from(job), "") {
        Some(key) => {
            let message = format!("`{key}` has an empty text");
            Err(JobError::of_key(&key, message).help("leave it out, or write something"))
        }
        None => Ok(()),
    }
}

/// Checks that no list stands for a table: serde would take its items for the keys, in their order here.
fn check_tables(written: &Value, read: &Value) -> Result<(), JobError> {
    // An empty list is the usual value, which is left out, of a table and of a list.
    let is_table = |key: &str| {
        let at = format!("/{}", key.replace('.', "/"));
        // Within a list it leads nowhere. That is looked at first: a job is copied for what is left.
        if written.pointer(&at).is_none() {
            return false;
        }
        let mut other = written.clone();
        if let Some(it) = other.pointer_mut(&at) {
            *it = json!({});
        }
        serde_json::from_value::<Job>(other).is_ok()
    };
    match list_for_table(written, read, "", &is_table) {
        Some(key) => Err(JobError::of_key(&key, plain_words(LIST))),
        None => Ok(()),
    }
}

const LIST: &str = "invalid type: sequence, expected a map";

/// Returns the key of the first list that was read as a table.
fn list_for_table(
    written: &Value,
    read: &Value,
    key: &str,
    is_table: &dyn Fn(&str) -> bool,
) -> Option<String> {
    match (written, read) {
        (Value::Array(_), Value::Object(_)) => Some(key.to_owned()),
        (Value::Object(written), Value::Object(read)) => written.iter().find_map(|(name, it)| {
            let dot = if key.is_empty() { "" } else { "." };
            let key = format!("{key}{dot}{name}");
            match read.get(name) {
                Some(read) => list_for_table(it, read, &key, is_table),
                None => (*it == json!([]) && is_table(&key)).then_some(key),
            }
        }),
        (Value::Array(written), Value::Array(read)) => {
            let mut items = written.iter().zip(read);
            items.find_map(|(one, other)| list_for_table(one, other, key, is_table))
        }
        _ => None,
    }
}

/// Returns the key of the first text that is blank. What is within a schema may be, and so may what
/// divides fields.
fn blank_text(value: &Value, key: &str) -> Option<String> {
    match value {
        Value::String(text) => text.trim().is_empty().then(|| key.to_owned()),
        Value::Array(items) => items.iter().find_map(|it| blank_text(it, key)),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            if name == "delimiter" || (name == "schema" && value.is_object()) {
                return None;
            }
            let dot = if key.is_empty() { "" } else { "." };
            blank_text(value, &format!("{key}{dot}{name}"))
        }),
        _ => None,
    }
}

fn no_pattern(name: &str) -> JobError {
    let error = JobError::of_key("pattern", format!("there is no pattern {name:?}"));
    error.help(meant(name, &Job::PATTERNS))
}

impl JobFormat {
    fn read<T: DeserializeOwned>(self, text: &str) -> Result<T, JobError> {
        match self {
            Self::Toml => toml::from_str(text).map_err(|error| {
                let place = error.span().map(|span| place(text, span.start));
                wrong(error.message()).at(place)
            }),
            Self::Json => {
                let mut json = serde_json::Deserializer::from_str(text);
                let read = serde_path_to_error::deserialize(&mut json);
                let read = read.map_err(|error| self.wrong_json(text, error))?;
                json.end().map_err(|error| {
                    let (line, column) = (error.line(), error.column());
                    let more = "a job is one object, and there is more behind it";
                    wrong(more).at(Some(Place { line, column }))
                })?;
                Ok(read)
            }
        }
    }

    /// A wrong value is noticed behind it, so its place is looked for by its key.
    fn wrong_json(
        self,
        text: &str,
        error: serde_path_to_error::Error<serde_json::Error>,
    ) -> JobError {
        let key = error.path().to_string();
        let error = error.into_inner();
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let (line, column) = (error.line(), error.column());
        let noticed = (line > 0).then_some(Place { line, column });
        let is_value = error.is_data() && !message.contains(" field `");
        let found = is_value.then(|| self.place_of(text, &key)).flatten();
        wrong(message).at(found.or(noticed))
    }

    /// Finds a key such as `models.judge`, or the table that it would be in.
    fn place_of(self, text: &str, key: &str) -> Option<Place> {
        match self {
            Self::Toml => in_toml(text, key),
            Self::Json => in_json(text, key),
        }
    }
}

fn in_toml(text: &str, key: &str) -> Option<Place> {
    let root = toml::de::DeTable::parse(text).ok()?;
    let (mut table, mut at) = (root.get_ref(), None);
    for name in key.split('.') {
        let Some((key, value)) = table.get_key_value(name) else {
            break;
        };
        at = Some(key.span().start);
        let Some(below) = value.get_ref().as_table() else {
            break;
        };
        table = below;
    }
    at.map(|at| place(text, at))
}

/// Raw values are pieces of the text, which tells where they are.
fn in_json(text: &str, key: &str) -> Option<Place> {
    let (mut value, mut at) = (text, None);
    for name in key.split('.') {
        let table: Option<HashMap<&str, &RawValue>> = serde_json::from_str(value).ok();
        let Some(found) = table.and_then(|it| it.get(name).copied()) else {
            break;
        };
        value = found.get();
        at = (value.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    }
    at.map(|at| place(text, at))
}

/// Says what serde has found wrong in words of ours, with what may have been meant.
fn wrong(message: &str) -> JobError {
    let message = message.trim_end();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let error = |text: String| JobError::new(JobErrorKind::Invalid, text);
    match quoted.split_first() {
        Some((name, known)) if message.starts_with("unknown field") => {
            error(format!("there is no key `{name}` here")).help(meant_key(name, known))
        }
        Some((name, known)) if message.starts_with("unknown variant") => {
            error(format!("there is no {name:?} here")).help(meant(name, known))
        }
        Some((name, _)) if message.starts_with("missing field") => {
            error(format!("`{name}` is missing"))
        }
        _ => error(plain_words(message)),
    }
}

fn meant_key(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if known.is_empty() => "leave it out".to_owned(),
        None => format!("there is {}", known.join(", ")),
    }
}

fn place(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    Place {
        line: before.matches('\n').count() + 1,
        column: line.chars().count() + 1,
    }
}

/// Returns the JSON of a job, as it is recorded.
impl From<&Job> for Value {
    fn from(job: &Job) -> Self {
        // Plain data always has a written form.
        serde_json::to_value(job).unwrap_or_default()
    }
}
