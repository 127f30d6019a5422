//! The seam under the adapters: one HTTP exchange, whoever carries it out.

use std::error::Error;
use std::fmt;

use bytes::Bytes;
use patterns_core::BoxFuture;

/// Carries out HTTP exchanges in place of the built-in client: through a gateway of your own, or
/// against a provider that exists in memory only, for tests in simulated time.
pub trait Exchange: Send + Sync {
    /// Sends one request and returns the whole reply, whatever its status. Nothing is repeated.
    ///
    /// # Errors
    ///
    /// Returns how the connection failed, if there was no whole reply.
    ///
    /// # Cancellation
    ///
    /// Dropping the future must end the exchange.
    fn exchange(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, ExchangeError>>;
}

/// How a connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExchangeErrorKind {
    /// There was none.
    NotConnected,
    /// It broke before the reply was whole.
    Broken,
    /// Nothing came for too long.
    Timeout,
    /// The reply is longer than any model's.
    TooLong,
    /// The model streams nothing but white space, which some do until their limit.
    Blank,
    /// Something came that is no reply of HTTP.
    NotHttp,
    /// A streamed answer holds an event that cannot be read, and would look complete without it.
    Garbled,
}

/// A request that got no whole reply.
#[derive(Debug)]
pub struct ExchangeError {
    kind: ExchangeErrorKind,
    words: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ExchangeError {
    /// Makes an error.
    pub fn new(kind: ExchangeErrorKind) -> Self {
        Self {
            kind,
            words: None,
            source: None,
        }
    }

    /// Says what happened and where, as a lower-case fragment without secrets: `connection refused by
    /// 127.0.0.1:8000`.
    #[must_use]
    pub fn with_words(mut self, words: impl Into<String>) -> Self {
        self.words = Some(words.into());
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns how the connection failed.
    pub fn kind(&self) -> ExchangeErrorKind {
        self.kind
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(words) = &self.words {
            return f.write_str(words);
        }
        f.write_str(match self.kind {
            ExchangeErrorKind::NotConnected => "no connection could be made",
            ExchangeErrorKind::Broken => "the connection broke before the reply was whole",
            ExchangeErrorKind::Timeout => "nothing came for too long",
            ExchangeErrorKind::TooLong => "the reply is longer than anything a model would say",
            ExchangeErrorKind::Blank => "the model streams nothing but white space",
            ExchangeErrorKind::NotHttp => "what came is no reply of HTTP",
            ExchangeErrorKind::Garbled => "an event of the stream cannot be read",
        })
    }
}

impl Error for ExchangeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
