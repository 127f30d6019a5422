//! Where documents come from, and how they are read.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::find::{self, Found, Named, Place, Wait};
use crate::{
    Documents, Format, Isolation, Keep, Limits, Records, Template, TextEncoding, Unreadable,
    UnreadableKind,
};

/// Where documents come from, and how they are read.
#[derive(Clone, Debug)]
pub struct Source {
    pub(crate) arguments: Vec<PathBuf>,
    pub(crate) format: Option<Format>,
    pub(crate) records: Option<Records>,
    pub(crate) text: Option<String>,
    pub(crate) template: Option<Template>,
    pub(crate) id: Option<String>,
    pub(crate) keep: Option<Keep>,
    pub(crate) limits: Limits,
    pub(crate) encoding: Option<TextEncoding>,
    pub(crate) delimiter: Option<char>,
    pub(crate) isolation: Option<Arc<dyn Isolation>>,
    pub(crate) wait: Option<Wait>,
    pub(crate) left_out: Option<LeftOut>,
}

/// Says which files are left out.
#[derive(Clone)]
pub(crate) struct LeftOut(Arc<dyn Fn(&Path) -> bool + Send + Sync>);

impl LeftOut {
    pub(crate) fn has(&self, file: &Path) -> bool {
        (self.0)(file)
    }
}

impl fmt::Debug for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeftOut")
    }
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
    /// `.ignore` name are left out, and links to directories, or out of the directory, are not followed.
    /// What is below a directory is called by its path there, other files as they are named.
    pub fn new<P: AsRef<Path>>(arguments: impl IntoIterator<Item = P>) -> Self {
        let arguments = arguments.into_iter();
        Self {
            arguments: arguments.map(|it| it.as_ref().to_owned()).collect(),
            format: None,
            records: None,
            text: None,
            template: None,
            id: None,
            keep: None,
            limits: Limits::default(),
            encoding: None,
            delimiter: None,
            isolation: None,
            wait: None,
            left_out: None,
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

    /// Sets which columns of rows come back with their documents.
    #[must_use]
    pub fn keep(mut self, keep: Keep) -> Self {
        self.keep = Some(keep);
        self
    }

    /// Sets the encoding of all texts; by default it is told by marks and declarations, else guessed.
    #[must_use]
    pub fn encoding(mut self, encoding: TextEncoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// Sets what separates the fields of CSV and TSV files; by default that is found out.
    #[must_use]
    pub fn delimiter(mut self, delimiter: char) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Sets that HTML, PDF, DOCX and Parquet files and mails are read in processes of their own.
    #[must_use]
    pub fn isolation(mut self, isolation: Arc<dyn Isolation>) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Sets what is done when the system has no more file descriptors: `wait` waits a little, is told
    /// how often it has done so for this file, and says whether to try again. By default the file is
    /// unreadable at once.
    #[must_use]
    pub fn when_out_of_descriptors(mut self, wait: fn(u32) -> bool) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Sets how much is read at most.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Leaves files out, such as those that are written while others are read.
    #[must_use]
    pub fn leave_out(
        mut self,
        is_left_out: impl Fn(&Path) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.left_out = Some(LeftOut(Arc::new(is_left_out)));
        self
    }

    pub(crate) fn leaves_out(&self, place: &Place) -> bool {
        let left_out = self.left_out.as_ref().zip(place.path.as_deref());
        left_out.is_some_and(|(left_out, path)| left_out.has(path))
    }

    /// Looks for a file among those that would be read, links followed.
    pub fn find(&self, file: &Path) -> Option<Found> {
        let mut arguments = self.arguments.iter();
        arguments.find_map(|it| find::find(it, file))
    }

    /// Looks at the arguments and begins to read.
    ///
    /// # Errors
    ///
    /// Returns a [`SourceError`] if an argument names nothing, unless none of them names anything. What
    /// turns out to be unreadable later is in its place in the iterator.
    pub fn open(&self) -> Result<Documents, SourceError> {
        let stdin = self.arguments.iter().filter(|it| it.as_os_str() == "-");
        if stdin.count() > 1 {
            return Err(SourceError::StdinTwice);
        }
        let mut found: Vec<Named> = Vec::new();
        let (mut missing, mut empty) = (Vec::new(), Vec::new());
        for argument in &self.arguments {
            match find::named(argument) {
                Ok(mut named) => {
                    if named.is_empty() {
                        empty.push(nothing(argument));
                    }
                    found.push(named);
                }
                Err(error) => missing.push(error),
            }
        }
        if !missing.is_empty() || empty.len() < found.len() {
            missing.extend(empty);
        }
        if !missing.is_empty() {
            return Err(SourceError::Missing(missing));
        }
        Ok(Documents::new(self.clone(), found))
    }
}

/// Says that a directory or glob has no file.
fn nothing(argument: &Path) -> Unreadable {
    let reason = match argument.is_dir() {
        true => "there is no file in it that is not hidden or ignored",
        false => "no file matches, but for hidden and ignored ones",
    };
    Unreadable::new(UnreadableKind::Missing, find::name(argument), reason)
}
