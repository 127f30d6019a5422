//! Says how the files of a job are read, as whoever runs the job decides.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use patterns_core::Document;
use patterns_source::Isolation;

use super::Corpus;
use crate::job::{Choice, SourcePart};
use crate::job_error::JobError;

/// Says of a file whether it is left out.
type Predicate = dyn Fn(&Path) -> bool + Send + Sync;

/// Is told of what was guessed.
type Listener = dyn Fn(&str) + Send + Sync;

/// How the files of a job are read: apart from this process or in it, which are left out, and who is
/// told of what was guessed.
#[derive(Clone, Default)]
pub struct Reader {
    isolation: Option<Arc<dyn Isolation>>,
    leave_out: Option<Arc<Predicate>>,
    tell: Option<Arc<Listener>>,
}

impl Reader {
    /// Makes one that reads everything in this process and tells nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads files of hostile formats apart from this process.
    #[must_use]
    pub fn apart(mut self, isolation: Arc<dyn Isolation>) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Leaves out the files of directories and globs of which `leave_out` says so.
    #[must_use]
    pub fn leave_out(mut self, leave_out: impl Fn(&Path) -> bool + Send + Sync + 'static) -> Self {
        self.leave_out = Some(Arc::new(leave_out));
        self
    }

    /// Tells what was guessed or replaced in a text. Keys of the job are in backticks.
    #[must_use]
    pub fn telling(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.tell = Some(Arc::new(tell));
        self
    }

    /// Returns one that reads the same and tells nobody.
    pub(crate) fn quiet(&self) -> Self {
        Self {
            tell: None,
            ..self.clone()
        }
    }

    pub(super) fn isolation(&self) -> Option<Arc<dyn Isolation>> {
        self.isolation.clone()
    }

    pub(super) fn leaves_out(&self, path: &Path) -> bool {
        self.leave_out.as_ref().is_some_and(|it| it(path))
    }

    pub(super) fn tell(&self, note: &str) {
        if let Some(tell) = &self.tell {
            tell(note);
        }
    }

    /// Reads material that goes with every question, where there is any.
    ///
    /// # Errors
    ///
    /// Returns an error if anything in it cannot be read.
    pub fn context(&self, paths: &[PathBuf]) -> Result<Vec<Document>, JobError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        Corpus::open(paths, &SourcePart::default(), Choice::All, None, self)?.whole()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("isolation", &self.isolation)
            .finish_non_exhaustive()
    }
}
