//! What a process is told that reads one file.

use clap::Args;
use patterns_source::{Format, Limits, Task, TextEncoding};

/// What a process is told that reads one file.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReadDocument {
    /// What the file is
    format: Format,
    /// Bytes of a document
    document: u64,
    /// Bytes of a file
    file: u64,
    /// Bytes of what is sent as it is
    attachment: u64,
    /// How much larger than what it is packed into
    ratio: u64,
    /// The encoding of its text
    encoding: Option<TextEncoding>,
}

impl ReadDocument {
    /// Returns what to do.
    pub(crate) fn task(&self) -> Task {
        let limits = Limits {
            document: self.document,
            file: self.file,
            attachment: self.attachment,
            ratio: self.ratio,
        };
        Task::new(self.format, limits, self.encoding)
    }
}
