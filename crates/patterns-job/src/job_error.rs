//! What is wrong with a job, or with what it names.

use std::fmt;

use patterns_core::ContractError;
use patterns_core::text::one_line;

/// Why a job cannot be carried out.
///
/// Its message names keys of the job as `` `spend.max_calls` ``; a surface whose users have never seen
/// the job can put names of its own in their place ([`named`](Self::named)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobError {
    kind: JobErrorKind,
    message: String,
    details: Vec<String>,
    help: Option<Box<str>>,
    key: Option<Box<str>>,
    place: Option<Place>,
}

/// What the caller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobErrorKind {
    /// Mend the job.
    Invalid,
    /// Mend what a file has in it.
    BadData,
    /// Mend a schema.
    BadSchema,
    /// Look for what is missing or cannot be read.
    NoInput,
    /// There is nothing to do.
    Empty,
    /// Name a model, or another one.
    Model,
    /// Try again.
    Io,
}

/// A place in a file, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl JobError {
    /// Makes an error of a kind.
    pub(crate) fn new(kind: JobErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            details: Vec::new(),
            help: None,
            key: None,
            place: None,
        }
    }

    /// Makes the error of a key whose value cannot be, such as `models.judge`.
    pub(crate) fn of_key(key: &str, message: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            ..Self::new(JobErrorKind::Invalid, message)
        }
    }

    /// Adds lines that say more, one thing each.
    #[must_use]
    pub(crate) fn details_of(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }

    /// Says what to do next.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into().into());
        self
    }

    /// Says where in the text of the job it is.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// Returns what the caller does next.
    pub fn kind(&self) -> JobErrorKind {
        self.kind
    }

    /// Says what it is about where there is one line for it: what becomes of one section among others.
    pub(crate) fn in_a_line(mut self) -> Self {
        if !self.details.is_empty() {
            let all = format!("{}: {}", self.message, self.details.join("; "));
            self.message = one_line(&all);
        }
        self
    }

    /// Returns lines that say more, one thing each.
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// Returns what to do about it, if there is more to say than the message does.
    pub fn hint(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Returns the key that it is about, such as `models.judge`.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns where in the job's text it is, if that is known.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// Puts other names in the place of keys: `name` is asked for each word in backticks.
    #[must_use]
    pub fn named(mut self, name: impl Fn(&str) -> Option<String>) -> Self {
        self.message = renamed(&self.message, &name);
        for text in &mut self.details {
            *text = renamed(text, &name);
        }
        self.help = self.help.map(|it| renamed(&it, &name).into());
        self
    }
}

/// A schema was checked when it was read, and our own ones are tested.
pub(crate) fn unusable(error: ContractError) -> JobError {
    JobError::new(JobErrorKind::BadSchema, error.to_string())
}

/// Puts other names in the place of the words that a text has in backticks, as far as `name` knows any.
///
/// ```
/// let name = |key: &str| (key == "run.seed").then(|| "--seed".to_owned());
/// assert_eq!(patterns_job::renamed("`run.seed` of `x`", name), "--seed of `x`");
/// ```
pub fn renamed(text: &str, name: impl Fn(&str) -> Option<String>) -> String {
    let mut renamed = String::new();
    for (number, part) in text.split('`').enumerate() {
        match (number % 2 == 1).then(|| name(part)).flatten() {
            Some(other) => renamed.push_str(&other),
            None if number % 2 == 1 => renamed.push_str(&format!("`{part}`")),
            None => renamed.push_str(part),
        }
    }
    renamed
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for JobError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_called_as_a_surface_calls_them() {
        let error = JobError::of_key("models.judge", "`models.judge` is for `other` rules")
            .help("leave `models.judge` out")
            .named(|key| (key == "models.judge").then(|| "--judge".to_owned()));
        assert_eq!(error.to_string(), "--judge is for `other` rules");
        assert_eq!(error.hint(), Some("leave --judge out"));
    }
}
