//! Why a Restate server cannot be used, sorted by what to do next.

use std::fmt;

/// A server that cannot be used as it is set up. The words name the address.
#[derive(Debug)]
pub struct RestateError {
    kind: RestateErrorKind,
    words: String,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestateErrorKind {
    /// The address is none: mend it.
    InvalidAddress,
    /// A token would be readable on the way: use `https`.
    Exposed,
    /// Nothing answers there, or not as a Restate server does: start it.
    Unreachable,
    /// No safe connection is to be had: see to its certificate, or to who is trusted.
    Insecure,
    /// It wants a token, or another one.
    Unauthorized,
    /// No worker is registered with it: start one.
    NoWorker,
    /// It does not take a worker: see what it says.
    NotRegistered,
    /// No worker carries out jobs, or this one: see what it says.
    NotTaken,
    /// The server knows no such job: it forgot it, or never had it.
    UnknownJob,
    /// An identity key is none: mend it.
    InvalidKey,
    /// The key of private bodies is none, missing, or another one than that of the other side: mend it.
    Private,
    /// The HTTP client or the listener cannot be set up.
    Client,
}

impl RestateError {
    pub(crate) fn new(kind: RestateErrorKind, words: impl Into<String>) -> Self {
        Self {
            kind,
            words: words.into(),
        }
    }

    /// Returns what to do next.
    pub fn kind(&self) -> RestateErrorKind {
        self.kind
    }
}

impl fmt::Display for RestateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for RestateError {}
