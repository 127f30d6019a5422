//! Why the store could not do its work.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use patterns_core::{ModelError, ModelErrorKind, system_reason};
use rusqlite::ErrorCode;

/// A record that could not be read or kept.
#[derive(Clone)]
pub struct StoreError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: StoreErrorKind,
    path: Option<PathBuf>,
    detail: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// What to do about a [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The file is something else, or comes from a newer version: use another file.
    NotAStore,
    /// Another process has been writing for too long: wait for it, or use another file.
    Busy,
    /// The disk is full: make room.
    Full,
    /// Somebody else owns the file or may write to it: what is in it may be theirs.
    Exposed,
    /// The index leads to the answer of another call: the index can be made anew.
    Misled,
    /// What is there is not what was written: verify, and restore a copy.
    Damaged,
    /// The file cannot be opened, read or written: look at its path and permissions.
    Io,
    /// The record to be read in is not valid.
    InvalidRecord,
}

impl StoreError {
    pub(crate) fn new(kind: StoreErrorKind, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            path: None,
            detail: detail.into(),
            source: None,
        }))
    }

    pub(crate) fn at(mut self, path: &Path) -> Self {
        self.0.path.get_or_insert_with(|| path.to_owned());
        self
    }

    pub(crate) fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Returns what to do about it.
    pub fn kind(&self) -> StoreErrorKind {
        self.0.kind
    }

    /// Returns the file, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }
}

/// Says to whoever asked a model that its answer could not be recorded or read back.
pub(crate) fn not_recorded(error: StoreError) -> ModelError {
    ModelError::new(ModelErrorKind::NotRecorded)
        .with_detail(error.to_string())
        .with_source(error)
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreErrorKind::Busy,
            Some(ErrorCode::DiskFull) => StoreErrorKind::Full,
            Some(ErrorCode::DatabaseCorrupt) => StoreErrorKind::Damaged,
            Some(ErrorCode::NotADatabase) => StoreErrorKind::NotAStore,
            // Its tables are not those that its version has: somebody has changed them.
            Some(
                ErrorCode::Unknown
                | ErrorCode::SchemaChanged
                | ErrorCode::TypeMismatch
                | ErrorCode::ConstraintViolation,
            ) => StoreErrorKind::Damaged,
            Some(_) => StoreErrorKind::Io,
            // What was read is not of the shape that is written.
            None => StoreErrorKind::Damaged,
        };
        Self::new(kind, error.to_string()).with_source(error)
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::StorageFull => StoreErrorKind::Full,
            _ => StoreErrorKind::Io,
        };
        Self::new(kind, system_reason(&error)).with_source(error)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0.kind {
            StoreErrorKind::NotAStore => "not a store of this version",
            StoreErrorKind::Busy => "another process is writing to the store",
            StoreErrorKind::Full => "the disk of the store is full",
            StoreErrorKind::Exposed => "the store may have been written by somebody else",
            StoreErrorKind::Misled | StoreErrorKind::Damaged => "the store is damaged",
            StoreErrorKind::Io => "the store cannot be read or written",
            StoreErrorKind::InvalidRecord => "the record is not valid",
        };
        write!(f, "{what}: {}", self.0.detail)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("kind", &self.0.kind)
            .field("path", &self.0.path)
            .field("detail", &self.0.detail)
            .finish_non_exhaustive()
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
