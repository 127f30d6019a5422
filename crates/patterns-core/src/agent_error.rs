//! Why a step has no answer.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ModelError, ModelErrorKind, Rejection, Usage, Violation};

/// A step that ended without an answer that keeps its contract.
///
/// Neither `Display` nor `Debug` shows what caused it, since that may have a prompt in it: it is the
/// [`source`](Error::source).
#[derive(Clone)]
pub struct AgentError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: AgentErrorKind,
    violations: Vec<Violation>,
    raw: Option<String>,
    usage: Usage,
    source: Option<Source>,
}

#[derive(Clone)]
enum Source {
    Model(ModelError),
    Other(Arc<dyn Error + Send + Sync>),
}

/// What the caller of an agent should do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AgentErrorKind {
    /// The model gave no answer; its error says what to do.
    Model(ModelErrorKind),
    /// The model answered, and asked again it still broke the contract.
    InvalidAnswer,
    /// As [`InvalidAnswer`](Self::InvalidAnswer), and so did ten steps before it, and none was answered.
    NeverValid,
    /// A step made of code failed.
    Code,
    /// What the step was to work on could not be read.
    UnreadableInput,
}

impl AgentErrorKind {
    /// Returns a short stable name in kebab case, for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Model(kind) => kind.name(),
            Self::InvalidAnswer => "invalid-answer",
            Self::NeverValid => "never-valid",
            Self::Code => "code",
            Self::UnreadableInput => "unreadable-input",
        }
    }

    /// Returns whether every further branch of the run would fail likewise.
    pub fn is_fatal(self) -> bool {
        match self {
            Self::Model(kind) => kind.is_fatal(),
            Self::NeverValid => true,
            Self::InvalidAnswer | Self::Code | Self::UnreadableInput => false,
        }
    }
}

impl AgentError {
    /// Makes the error of a step whose model gave no answer; `spent` is what earlier calls used.
    pub fn model(source: ModelError, spent: Usage) -> Self {
        Self(Box::new(Inner {
            kind: AgentErrorKind::Model(source.kind()),
            violations: Vec::new(),
            raw: None,
            usage: spent + source.usage(),
            source: Some(Source::Model(source)),
        }))
    }

    /// Makes the error of a step whose last answer, `raw`, broke the contract.
    pub fn invalid_answer(rejection: Rejection, raw: String, usage: Usage) -> Self {
        Self(Box::new(Inner {
            kind: AgentErrorKind::InvalidAnswer,
            violations: rejection.violations,
            raw: Some(raw),
            usage,
            source: None,
        }))
    }

    /// Makes the error of a step made of code.
    pub fn code(source: impl Error + Send + Sync + 'static) -> Self {
        Self::without_model(AgentErrorKind::Code, Arc::new(source))
    }

    /// Makes the error of a step whose input could not be read.
    pub fn unreadable_input(source: Arc<dyn Error + Send + Sync>) -> Self {
        Self::without_model(AgentErrorKind::UnreadableInput, source)
    }

    fn without_model(kind: AgentErrorKind, source: Arc<dyn Error + Send + Sync>) -> Self {
        Self(Box::new(Inner {
            kind,
            violations: Vec::new(),
            raw: None,
            usage: Usage::default(),
            source: Some(Source::Other(source)),
        }))
    }

    /// Makes the same error of an agent of which no answer ever keeps the contract.
    pub(crate) fn never_valid(mut self) -> Self {
        self.0.kind = AgentErrorKind::NeverValid;
        self
    }

    /// Makes the same error with what earlier calls of the step used on its bill.
    #[must_use]
    pub fn after(mut self, spent: Usage) -> Self {
        self.0.usage += spent;
        self
    }

    /// Makes the same error with another bill: that of a step which knows of more calls than the one that failed.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.0.usage = usage;
        self
    }

    /// Returns what to do next.
    pub fn kind(&self) -> AgentErrorKind {
        self.0.kind
    }

    /// Returns whether every further branch of the run would fail likewise.
    pub fn is_fatal(&self) -> bool {
        self.kind().is_fatal()
    }

    /// Returns in which ways the last answer broke the contract.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// Returns the text of the last answer, if it was rejected. It is hostile text.
    pub fn raw(&self) -> Option<&str> {
        self.0.raw.as_deref()
    }

    /// Returns what all the calls of the step used.
    pub fn usage(&self) -> Usage {
        self.0.usage
    }

    /// Returns the model's error, if that was the cause.
    pub fn model_error(&self) -> Option<&ModelError> {
        match &self.0.source {
            Some(Source::Model(error)) => Some(error),
            _ => None,
        }
    }
}

/// Wraps an error of a call that had no call before it.
impl From<ModelError> for AgentError {
    fn from(error: ModelError) -> Self {
        Self::model(error, Usage::default())
    }
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            AgentErrorKind::Model(_) => f.write_str("the model gave no answer"),
            AgentErrorKind::InvalidAnswer | AgentErrorKind::NeverValid => {
                let n = self.violations().len();
                write!(f, "the answer breaks its contract in {n} place(s)")
            }
            AgentErrorKind::Code => f.write_str("the step failed"),
            AgentErrorKind::UnreadableInput => f.write_str("the input could not be read"),
        }
    }
}

impl fmt::Debug for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentError")
            .field("kind", &self.kind())
            .field("violations", &self.violations().len())
            .field("usage", &self.usage())
            .field("model_error", &self.model_error())
            .finish_non_exhaustive()
    }
}

impl Error for AgentError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.0.source.as_ref()? {
            Source::Model(error) => Some(error),
            Source::Other(error) => Some(error.as_ref()),
        }
    }
}
