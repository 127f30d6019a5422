//! Why no model could be connected.

use std::error::Error;
use std::fmt;

/// A connection that cannot be made as asked for; nothing has been sent yet.
///
/// `Display` is one sentence and never contains a key.
#[derive(Debug)]
pub struct ConnectError {
    kind: ConnectErrorKind,
    message: String,
    suggestion: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What is wrong with the connection asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// The name does not begin with a provider of this crate.
    UnknownProvider,
    /// The name stops after the provider.
    MissingModel,
    /// The provider has no usual server, so one must be named.
    MissingBaseUrl,
    /// The base URL is none that requests can be sent to.
    InvalidBaseUrl,
    /// The version of the API is none, or the provider has no versions to choose from.
    InvalidApiVersion,
    /// The provider answers nobody without a key.
    MissingKey,
    /// The key cannot be sent in an HTTP header.
    InvalidKey,
    /// A header has no name or value that can be sent, or is one of ours.
    InvalidHeader,
    /// A field that is to be added to every request is one of ours.
    ReservedField,
    /// The proxy's URL is none.
    InvalidProxy,
    /// The budget caps the cost, and nobody knows what the model costs.
    UnknownPrice,
    /// Servers of this kind are never asked for that answer format.
    UnknownFormat,
    /// The HTTP client could not be set up.
    Client,
}

impl ConnectError {
    pub(crate) fn new(kind: ConnectErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            suggestion: None,
            source: None,
        }
    }

    pub(crate) fn with_suggestion(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }

    pub(crate) fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Returns what is wrong.
    pub fn kind(&self) -> ConnectErrorKind {
        self.kind
    }

    /// Returns what was probably meant, ready to be used instead.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean {suggestion:?}?"),
            None => Ok(()),
        }
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}
