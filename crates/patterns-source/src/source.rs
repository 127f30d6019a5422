//! Where documents come from, and how they are read.

use std::path::{Path, PathBuf};

use crate::find::{self, Named};
use crate::{Documents, Format, Limits, Records, Template, Unreadable};

/// Where documents come from, and how they are read.
#[derive(Clone, Debug)]
pub struct Source {
    pub(crate) arguments: Vec<PathBuf>,
    pub(crate) format: Option<Format>,
    pub(crate) records: Option<Records>,
    pub(crate) text: Option<String>,
    pub(crate) template: Option<Template>,
    pub(crate) id: Option<String>,
    pub(crate) limits: Limits,
}

/// Why there is nothing to read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Arguments name nothing that could be read.
    #[error("{} cannot be read", inputs(.0.len()))]
    Missing(Vec<Unreadable>),
    /// Standard input is named twice.
    #[error("standard input can be read only once")]
    StdinTwice,
}

fn inputs(count: usize) -> String {
    match count {
        1 => "an input".to_owned(),
        count => format!("{count} inputs"),
    }
}

impl Source {
    /// Reads files, the files of directories, those that globs match, and standard input for `-`.
    ///
    /// Within a directory or glob they come by path; hidden files and those that `.gitignore` and
    /// `.ignore` name are left out, and links to directories are not followed.
    pub fn new<P: AsRef<Path>>(arguments: impl IntoIterator<Item = P>) -> Self {
        let arguments = arguments.into_iter();
        Self {
            arguments: arguments.map(|it| it.as_ref().to_owned()).collect(),
            format: None,
            records: None,
            text: None,
            template: None,
            id: None,
            limits: Limits::default(),
        }
    }

    /// Sets what all files are read as, in place of what their names and beginnings say.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Sets that texts are divided into records, each of them a document called `file:line`.
    #[must_use]
    pub fn records(mut self, records: Records) -> Self {
        self.records = Some(records);
        self
    }

    /// Sets which field of a row is its text; the first of `text`, `content`, `body`, `message` and
    /// `question` that the first row of a file has, if it isn't set.
    #[must_use]
    pub fn text_field(mut self, name: impl Into<String>) -> Self {
        self.text = Some(name.into());
        self
    }

    /// Sets the text of a row as made of several fields.
    #[must_use]
    pub fn template(mut self, template: Template) -> Self {
        self.template = Some(template);
        self
    }

    /// Sets which field of a row is its id; `id`, else `file:line`, if it isn't set.
    #[must_use]
    pub fn id_field(mut self, name: impl Into<String>) -> Self {
        self.id = Some(name.into());
        self
    }

    /// Sets how much is read at most.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Looks at the arguments and begins to read.
    ///
    /// # Errors
    ///
    /// Returns a [`SourceError`] if an argument names nothing. What turns out to be unreadable later
    /// is in its place in the iterator.
    pub fn open(&self) -> Result<Documents, SourceError> {
        let stdin = self.arguments.iter().filter(|it| it.as_os_str() == "-");
        if stdin.count() > 1 {
            return Err(SourceError::StdinTwice);
        }
        let mut found: Vec<Named> = Vec::new();
        let mut missing = Vec::new();
        for argument in &self.arguments {
            match find::named(argument) {
                Ok(named) => found.push(named),
                Err(error) => missing.push(error),
            }
        }
        if !missing.is_empty() {
            return Err(SourceError::Missing(missing));
        }
        Ok(Documents::new(self.clone(), found))
    }
}
