//! Why a shared store cannot be used, sorted by what to do next.

use std::error::Error as _;
use std::fmt;

use patterns_core::{ModelError, ModelErrorKind};

/// A shared store that cannot do its work. The words name the address, without a password, and the cause.
#[derive(Clone, Debug)]
pub struct SharedError {
    kind: SharedErrorKind,
    words: String,
}

/// What to do about a [`SharedError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharedErrorKind {
    /// The address is none: mend it.
    InvalidAddress,
    /// Nothing answers there: start it, or mend host and port.
    Unreachable,
    /// The way there cannot be encrypted as it should be: see to the certificate, or say which way is wanted.
    Insecure,
    /// The user or the password is wrong.
    Unauthorized,
    /// There is no such database: make it.
    NoDatabase,
    /// Its tables come from a newer version, or are missing where nothing may be made.
    NotAStore,
    /// It can be read, and not written to.
    ReadOnly,
    /// The user is let in, and has no right to what is there.
    Forbidden,
    /// It has no room left.
    Full,
    /// What is there is not what was written.
    Damaged,
    /// A line to be read in is not valid.
    InvalidRecord,
    /// What is read in, or where it is written out, cannot be read or written.
    File,
    /// Anything else that the database says.
    Database,
}

impl SharedError {
    pub(crate) fn new(kind: SharedErrorKind, words: impl Into<String>) -> Self {
        Self {
            kind,
            words: words.into(),
        }
    }

    /// Says what the database at an address has said.
    pub(crate) fn of(shown: &str, error: &sqlx::Error) -> Self {
        let (kind, cause) = sorted(error);
        Self::new(kind, format!("{shown}: {}: {cause}", kind.words()))
    }

    /// Returns what to do about it.
    pub fn kind(&self) -> SharedErrorKind {
        self.kind
    }
}

impl SharedErrorKind {
    fn words(self) -> &'static str {
        match self {
            Self::InvalidAddress => "it is no address",
            Self::Unreachable => "no Postgres server answers",
            Self::Insecure => "no safe connection can be made",
            Self::Unauthorized => "the server does not let this user in",
            Self::NoDatabase => "there is no such database",
            Self::NotAStore => "it is no store of this version",
            Self::ReadOnly => "it cannot be written to",
            Self::Forbidden => "this user has no right to that",
            Self::Full => "it has no room left",
            Self::Damaged => "the shared store is damaged",
            Self::InvalidRecord => "the record is not valid",
            Self::File => "it cannot be read or written",
            Self::Database => "the database says",
        }
    }
}

/// Says of what kind an error is, and its cause.
fn sorted(error: &sqlx::Error) -> (SharedErrorKind, String) {
    match error {
        sqlx::Error::Database(said) => (
            kind_of_code(&said.code().unwrap_or_default()),
            said.message().to_owned(),
        ),
        sqlx::Error::Tls(cause) => (SharedErrorKind::Insecure, deepest(&**cause)),
        sqlx::Error::Io(cause) if is_about_tls(cause) => {
            (SharedErrorKind::Insecure, cause.to_string())
        }
        sqlx::Error::Io(cause) => (SharedErrorKind::Unreachable, cause.to_string()),
        sqlx::Error::PoolTimedOut => (
            SharedErrorKind::Unreachable,
            "no connection was to be had in time".to_owned(),
        ),
        other => {
            let cause = other.source().map_or_else(|| other.to_string(), deepest);
            (SharedErrorKind::Database, cause)
        }
    }
}

/// rustls says what is wrong with a certificate in the words of an error of input.
fn is_about_tls(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::InvalidData
}

/// Sorts the codes of appendix A of the manual of Postgres.
fn kind_of_code(code: &str) -> SharedErrorKind {
    match code {
        "28000" | "28P01" => SharedErrorKind::Unauthorized,
        "3D000" => SharedErrorKind::NoDatabase,
        "25006" => SharedErrorKind::ReadOnly,
        "42501" => SharedErrorKind::Forbidden,
        "42P01" | "42703" => SharedErrorKind::NotAStore,
        "53100" => SharedErrorKind::Full,
        _ if is_passing(code) => SharedErrorKind::Unreachable,
        _ => SharedErrorKind::Database,
    }
}

/// Returns whether a code says that the server is about to end, begins, or has no connection left.
fn is_passing(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "53300")
}

/// Returns whether the same may succeed later.
pub(crate) fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(cause) => !is_about_tls(cause),
        // What ends in the middle of a message is a connection that broke.
        sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(said) => {
            let code = said.code().unwrap_or_default();
            is_passing(&code) || matches!(&*code, "40001" | "40P01")
        }
        _ => false,
    }
}

fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Says to whoever asked a model that the shared store failed.
pub(crate) fn not_recorded(error: &SharedError) -> ModelError {
    ModelError::new(ModelErrorKind::NotRecorded)
        .with_detail(error.to_string())
        .with_source(error.clone())
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for SharedError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_to_do() {
        for (code, expected, passes) in [
            ("28P01", SharedErrorKind::Unauthorized, false),
            ("3D000", SharedErrorKind::NoDatabase, false),
            ("25006", SharedErrorKind::ReadOnly, false),
            ("42501", SharedErrorKind::Forbidden, false),
            ("42P01", SharedErrorKind::NotAStore, false),
            ("53100", SharedErrorKind::Full, false),
            ("57P01", SharedErrorKind::Unreachable, true),
            ("57P03", SharedErrorKind::Unreachable, true),
            ("53300", SharedErrorKind::Unreachable, true),
            ("08006", SharedErrorKind::Unreachable, true),
            ("22000", SharedErrorKind::Database, false),
        ] {
            assert_eq!(kind_of_code(code), expected, "{code}");
            assert_eq!(is_passing(code), passes, "{code}");
        }
    }

    #[test]
    fn a_connection_that_broke_is_tried_again_and_a_wrong_certificate_is_not() {
        let io = |kind| sqlx::Error::Io(std::io::Error::new(kind, "x"));
        assert!(is_transient(&io(std::io::ErrorKind::ConnectionRefused)));
        assert!(is_transient(&io(std::io::ErrorKind::UnexpectedEof)));
        assert!(is_transient(&sqlx::Error::PoolTimedOut));
        assert!(!is_transient(&io(std::io::ErrorKind::InvalidData)));
        assert!(!is_transient(&sqlx::Error::RowNotFound));
    }
}
