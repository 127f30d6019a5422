//! Why a cassette could not be written or read.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// A cassette that could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cassette {}: {detail}", path.display())]
pub struct CassetteError {
    kind: CassetteErrorKind,
    path: PathBuf,
    detail: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What to do about a [`CassetteError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CassetteErrorKind {
    /// The file cannot be read or written: look at its path; record it if there is none.
    Io,
    /// A line is not one of a cassette: mend it, or record anew.
    Damaged {
        /// The line, from 1.
        line: usize,
    },
    /// Two different calls are the same after redaction: redact less.
    Ambiguous,
}

impl CassetteError {
    pub(super) fn new(kind: CassetteErrorKind, path: &Path, detail: impl fmt::Display) -> Self {
        Self {
            kind,
            path: path.to_owned(),
            detail: match kind {
                CassetteErrorKind::Damaged { line } => format!("line {line}: {detail}"),
                _ => detail.to_string(),
            },
            source: None,
        }
    }

    pub(super) fn io(path: &Path, error: std::io::Error) -> Self {
        let mut made = Self::new(CassetteErrorKind::Io, path, &error);
        made.source = Some(Box::new(error));
        made
    }

    /// Returns what to do about it.
    pub fn kind(&self) -> CassetteErrorKind {
        self.kind
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
