//! Why a model gave no answer, sorted by what the caller should do next.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Usage;

/// A call that ended without a complete answer.
///
/// `Display` never contains a prompt, a key or a provider's body; the provider's own words are
/// behind [`detail`](Self::detail), to be escaped by whoever shows them.
#[derive(Clone)]
pub struct ModelError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ModelErrorKind,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    cause: Option<String>,
    detail: Option<String>,
    usage: Usage,
    took: Option<Duration>,
    is_final: bool,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// What the caller of a model should do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// Too fast for this account: wait, then send again.
    RateLimited {
        /// How long the provider asks to wait.
        retry_after: Option<Duration>,
    },
    /// The provider has no capacity: send less at once, then again.
    Overloaded {
        /// How long the provider asks to wait.
        retry_after: Option<Duration>,
    },
    /// The provider failed inside or the connection broke: send again.
    Unavailable {
        /// How long the provider asks to wait.
        retry_after: Option<Duration>,
    },
    /// No connection could be made at all: check name, port and network; then send again.
    Unreachable,
    /// The time for the call ran out: send again.
    Timeout,
    /// The run is being ended, so the call was not sent any more: run again.
    NotSent,
    /// Something answered, but not in the provider's language: send again, then look for a proxy.
    Unreadable,
    /// The model declined to answer: ask something else.
    Refused,
    /// The provider withheld the answer or blocked the question: ask something else.
    Filtered,
    /// The answer was cut at the token limit: allow more tokens.
    Truncated,
    /// The question is longer than the model can read: split it.
    ContextTooLong,
    /// The request is malformed: it fails the same way every time.
    InvalidRequest,
    /// The provider has rejected one request after the other alike and answered none: stop, and mend
    /// what it names.
    AllRejected,
    /// The provider does not know this way of asking for structured answers: ask in another way.
    UnsupportedFormat,
    /// The key is missing, wrong or lacks permission: stop.
    Unauthorized,
    /// The account's credit or quota is used up: stop; waiting does not heal it.
    QuotaExhausted,
    /// The budget of the run has no room for the attempt, which was not sent: stop, or allow more.
    BudgetExhausted,
    /// The provider has no such model, or the address is wrong: stop.
    UnknownModel,
    /// The answer could not be kept in the store, or not be read from it: stop, and see to the disk.
    NotRecorded,
    /// The store has no answer, and calls are forbidden: allow them.
    NotInStore,
    /// The answer needs judgement and this model has none (the offline one): stop.
    NeedsModel,
}

impl ModelErrorKind {
    /// Returns whether the same request may succeed later.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. }
                | Self::Overloaded { .. }
                | Self::Unavailable { .. }
                | Self::Unreachable
                | Self::Timeout
                | Self::Unreadable
        )
    }

    /// Returns whether every further call of the run would fail likewise, so that it must stop.
    pub fn is_fatal(self) -> bool {
        matches!(
            self,
            Self::Unauthorized
                | Self::QuotaExhausted
                | Self::BudgetExhausted
                | Self::AllRejected
                | Self::UnknownModel
                | Self::NotRecorded
                | Self::NeedsModel
        )
    }

    /// Returns how long the provider asks to wait.
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after }
            | Self::Overloaded { retry_after }
            | Self::Unavailable { retry_after } => retry_after,
            _ => None,
        }
    }

    /// Returns a short stable name in kebab case, for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate-limited",
            Self::Overloaded { .. } => "overloaded",
            Self::Unavailable { .. } => "unavailable",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::NotSent => "not-sent",
            Self::NotRecorded => "not-recorded",
            Self::NotInStore => "not-in-store",
            Self::Unreadable => "unreadable",
            Self::Refused => "refused",
            Self::Filtered => "filtered",
            Self::Truncated => "truncated",
            Self::ContextTooLong => "context-too-long",
            Self::InvalidRequest => "invalid-request",
            Self::AllRejected => "all-rejected",
            Self::UnsupportedFormat => "unsupported-format",
            Self::Unauthorized => "unauthorized",
            Self::QuotaExhausted => "quota-exhausted",
            Self::BudgetExhausted => "budget-exhausted",
            Self::UnknownModel => "unknown-model",
            Self::NeedsModel => "needs-model",
        }
    }
}

/// Writes what happened, as a lower-case fragment.
impl fmt::Display for ModelErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RateLimited { .. } => "the provider limits the rate of requests",
            Self::Overloaded { .. } => "the provider is overloaded",
            Self::Unavailable { .. } => "the provider failed to answer",
            Self::Unreachable => "the provider cannot be reached",
            Self::Timeout => "the call timed out",
            Self::NotSent => "the call was not sent, since the run is being ended",
            Self::NotRecorded => "the answer could not be recorded or read back",
            Self::NotInStore => "the store has no answer, and calls are forbidden",
            Self::Unreadable => "the reply is not what an LLM provider sends",
            Self::Refused => "the model refused to answer",
            Self::Filtered => "the provider's content filter withheld the answer",
            Self::Truncated => "the answer was cut off at the token limit",
            Self::ContextTooLong => "the request is longer than the model can read",
            Self::InvalidRequest => "the provider rejected the request",
            Self::AllRejected => "the provider rejects every request in the same way",
            Self::UnsupportedFormat => "the provider does not support this answer format",
            Self::Unauthorized => "the provider rejected the credentials",
            Self::QuotaExhausted => "the account's credit or quota is used up",
            Self::BudgetExhausted => "the budget of the run is used up",
            Self::UnknownModel => "the provider does not know the model or the address",
            Self::NeedsModel => "the answer needs a model",
        })
    }
}

impl ModelError {
    /// Makes an error; the chained methods below add what is known about it.
    pub fn new(kind: ModelErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            status: None,
            code: None,
            request_id: None,
            cause: None,
            detail: None,
            usage: Usage::default(),
            took: None,
            is_final: false,
            source: None,
        }))
    }

    /// Sets what to do next, where more has become known.
    #[must_use]
    pub fn with_kind(mut self, kind: ModelErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds the provider's error code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Adds the provider's id of the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.0.request_id = Some(request_id.into());
        self
    }

    /// Says what happened and where, in our own words and without secrets, as a lower-case fragment:
    /// `connection refused by 127.0.0.1:8000`.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds the provider's own words, short and without secrets.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Sets what the failed call has used.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.0.usage = usage;
        self
    }

    /// Sets how long the attempt took, from the moment it was sent.
    #[must_use]
    pub fn with_took(mut self, took: Duration) -> Self {
        self.0.took = Some(took);
        self
    }

    /// Says that trying again is not worth it, whatever the kind.
    #[must_use]
    pub fn finally(mut self) -> Self {
        self.0.is_final = true;
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Returns what to do next.
    pub fn kind(&self) -> ModelErrorKind {
        self.0.kind
    }

    /// Returns whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        self.kind().is_transient() && !self.0.is_final
    }

    /// Returns the HTTP status, if there was a reply.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns the provider's error code.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns the provider's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns what happened and where, in our own words.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// Returns the provider's own words. They are hostile text: escape them before showing them.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Returns how long the attempt took, without any wait before it was sent.
    pub fn took(&self) -> Option<Duration> {
        self.0.took
    }

    /// Returns what the failed call has used.
    pub fn usage(&self) -> Usage {
        self.0.usage
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)?;
        if let Some(cause) = self.cause() {
            write!(f, ": {cause}")?;
        }
        let status = self.status().map(|status| format!("HTTP {status}"));
        let code = self.code().map(|code| format!("code {code:?}"));
        let request = self.request_id().map(|id| format!("request {id:?}"));
        let facts: Vec<String> = [status, code, request].into_iter().flatten().collect();
        if facts.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", facts.join(", "))
    }
}

impl fmt::Debug for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelError")
            .field("kind", &self.kind())
            .field("status", &self.status())
            .field("code", &self.code())
            .field("request_id", &self.request_id())
            .field("cause", &self.cause())
            .field("usage", &self.usage())
            .finish_non_exhaustive()
    }
}

impl Error for ModelError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as _)
    }
}
