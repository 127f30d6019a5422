//! The one error of the command: a kind for the exit code, and words that say what to do next.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use patterns_core::system_reason;
use patterns_job::{JobError, JobErrorKind};

/// What to do where work needs a model and there is only the one that quotes.
pub(crate) const NEEDS_MODEL: &str =
    "set OPENAI_API_KEY, start Ollama, or pass --model with any OpenAI-compatible server";

/// What stops a command, in the words that its user sees.
#[derive(Debug)]
pub(crate) struct Error {
    kind: ErrorKind,
    message: String,
    details: Vec<String>,
    help: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What an error means for the exit code.
// `ValueEnum` lists them all; of those that share a code, the first stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ErrorKind {
    /// The command line is wrong.
    Usage,
    /// The run finished with failed branches.
    SomeFailed,
    /// The branches could not be combined.
    NotCombined,
    /// Nothing was selected.
    Empty,
    /// The budget has no room for what is left.
    Budget,
    /// An input is not valid.
    BadData,
    /// A schema is not valid.
    BadSchema,
    /// An input is missing or unreadable.
    NoInput,
    /// The provider or a port is unavailable.
    Unavailable,
    /// A bug.
    Bug,
    /// The output cannot be created.
    CannotCreate,
    /// The output could not be written.
    Io,
    /// The provider cannot serve now.
    TryLater,
    /// The provider refused the credentials.
    Credentials,
    /// The configuration is wrong.
    Config,
    /// The model is unknown or cannot do it.
    Model,
    /// Ctrl-C.
    Interrupted,
    /// The reader of standard output went away.
    BrokenPipe,
    /// SIGTERM.
    Terminated,
}

impl ErrorKind {
    /// Returns the stable code that the message begins with.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Usage => "E-USAGE",
            Self::SomeFailed => "E-SOME-FAILED",
            Self::NotCombined => "E-NOT-COMBINED",
            Self::Empty => "E-EMPTY",
            Self::Budget => "E-BUDGET",
            Self::BadData => "E-DATA",
            Self::BadSchema => "E-SCHEMA",
            Self::NoInput => "E-INPUT",
            Self::Unavailable => "E-UNAVAILABLE",
            Self::Bug => "E-BUG",
            Self::CannotCreate => "E-OUTPUT",
            Self::Io => "E-IO",
            Self::TryLater => "E-TRY-LATER",
            Self::Credentials => "E-CREDENTIALS",
            Self::Config => "E-CONFIG",
            Self::Model => "E-MODEL",
            Self::Interrupted => "E-INTERRUPTED",
            Self::BrokenPipe => "E-PIPE",
            Self::Terminated => "E-TERMINATED",
        }
    }

    /// Returns whether the user needs no words: they ended the command themselves.
    fn is_quiet(self) -> bool {
        self == Self::BrokenPipe
    }
}

impl Error {
    /// The most details that are shown; the rest is counted.
    const SHOWN_DETAILS: usize = 10;

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            details: Vec::new(),
            help: None,
            source: None,
        }
    }

    /// Makes the error of a write that failed; a reader that went away is no reason for words.
    pub(crate) fn writing(what: &str, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::BrokenPipe => ErrorKind::BrokenPipe,
            _ => ErrorKind::Io,
        };
        let help = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on that disk",
            io::ErrorKind::FileTooLarge => "allow larger files (see ulimit -f)",
            _ => "see to that disk and its permissions",
        };
        let message = format!("cannot write {what}: {}", system_reason(&source));
        Self::new(kind, message).help(help).caused_by(source)
    }

    /// Adds lines that say more, one thing each.
    pub(crate) fn details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }

    /// Says first of all details what the result lacks.
    pub(crate) fn lacking(mut self, what: Option<String>) -> Self {
        self.details.splice(0..0, what);
        self
    }

    /// Says what to do next.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Makes it one of another kind.
    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// Keeps the cause.
    pub(crate) fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns what to do next, if that was said.
    pub(crate) fn next_step(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Returns the message as it is shown, unescaped; `None` if there is nothing to say.
    pub(crate) fn render(&self) -> Option<String> {
        if self.kind.is_quiet() {
            return None;
        }
        let mut text = format!("error[{}]: {}\n", self.kind.code(), self.message);
        for detail in self.details.iter().take(Self::SHOWN_DETAILS) {
            text.push_str(&format!("  {detail}\n"));
        }
        let hidden = self.details.len().saturating_sub(Self::SHOWN_DETAILS);
        if hidden > 0 {
            text.push_str(&format!("  … and {hidden} more\n"));
        }
        if let Some(help) = &self.help {
            text.push_str(&format!("help: {help}\n"));
        }
        Some(text)
    }
}

impl From<JobError> for Error {
    fn from(error: JobError) -> Self {
        let kind = match error.kind() {
            JobErrorKind::BadData => ErrorKind::BadData,
            JobErrorKind::BadSchema => ErrorKind::BadSchema,
            JobErrorKind::NoInput => ErrorKind::NoInput,
            JobErrorKind::Empty => ErrorKind::Empty,
            JobErrorKind::Model => ErrorKind::Model,
            JobErrorKind::Io => ErrorKind::Io,
            _ => ErrorKind::Usage,
        };
        let told = Self::new(kind, error.to_string()).details(error.details().to_vec());
        match error.hint() {
            Some(help) => told.help(help),
            None => told,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
