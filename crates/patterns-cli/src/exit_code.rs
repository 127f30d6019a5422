//! The exit codes of the command, which are documented API, and what leads to each.

#[cfg(feature = "restate")]
use clap::ValueEnum;

use crate::error::ErrorKind;

/// All branches answered, or there was nothing wrong to report.
pub(crate) const SUCCESS: u8 = 0;
/// The command line is wrong.
pub(crate) const USAGE: u8 = 2;
/// The run finished, but some branches failed; what was answered is in the output.
pub(crate) const SOME_FAILED: u8 = 3;
/// The inputs selected nothing to work on.
pub(crate) const EMPTY: u8 = 4;
/// The budget is reached; what was answered is in the output.
pub(crate) const BUDGET: u8 = 5;
/// An input or a schema is not valid.
pub(crate) const BAD_DATA: u8 = 65;
/// An input is missing or cannot be read.
pub(crate) const NO_INPUT: u8 = 66;
/// The provider, or a port, is unavailable.
pub(crate) const UNAVAILABLE: u8 = 69;
/// A bug in `patterns`.
pub(crate) const BUG: u8 = 70;
/// The output cannot be created.
pub(crate) const CANNOT_CREATE: u8 = 73;
/// The output could not be written.
pub(crate) const IO: u8 = 74;
/// The provider limits or times out every call: try later.
pub(crate) const TRY_LATER: u8 = 75;
/// The provider refuses the credentials, or the account's quota is used up.
pub(crate) const NO_PERMISSION: u8 = 77;
/// The configuration is wrong: a missing key, an unknown model, a model that cannot do it.
pub(crate) const CONFIG: u8 = 78;
/// Ended by Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;
/// The reader of standard output went away.
pub(crate) const BROKEN_PIPE: u8 = 141;
/// Ended by SIGTERM.
pub(crate) const TERMINATED: u8 = 143;

/// Returns the exit code of an error.
pub(crate) fn of(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Usage => USAGE,
        ErrorKind::SomeFailed | ErrorKind::NotCombined => SOME_FAILED,
        ErrorKind::Empty => EMPTY,
        ErrorKind::Budget => BUDGET,
        ErrorKind::BadData | ErrorKind::BadSchema => BAD_DATA,
        ErrorKind::NoInput => NO_INPUT,
        ErrorKind::Unavailable => UNAVAILABLE,
        ErrorKind::Bug => BUG,
        ErrorKind::CannotCreate => CANNOT_CREATE,
        ErrorKind::Io => IO,
        ErrorKind::TryLater => TRY_LATER,
        ErrorKind::Credentials => NO_PERMISSION,
        ErrorKind::Config | ErrorKind::Model => CONFIG,
        ErrorKind::Interrupted => INTERRUPTED,
        ErrorKind::BrokenPipe => BROKEN_PIPE,
        ErrorKind::Terminated => TERMINATED,
    }
}

/// Returns what an exit code means, if it is one of an error.
#[cfg(feature = "restate")]
pub(crate) fn kind(code: u8) -> Option<ErrorKind> {
    let kinds = ErrorKind::value_variants();
    let found = kinds.iter().find(|it| of(**it) == code).copied();
    (code != SUCCESS).then(|| found.unwrap_or(ErrorKind::Bug))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_table_holds() {
        let table = [
            (ErrorKind::Usage, 2),
            (ErrorKind::SomeFailed, 3),
            (ErrorKind::NotCombined, 3),
            (ErrorKind::Empty, 4),
            (ErrorKind::Budget, 5),
            (ErrorKind::BadData, 65),
            (ErrorKind::BadSchema, 65),
            (ErrorKind::NoInput, 66),
            (ErrorKind::Unavailable, 69),
            (ErrorKind::Bug, 70),
            (ErrorKind::CannotCreate, 73),
            (ErrorKind::Io, 74),
            (ErrorKind::TryLater, 75),
            (ErrorKind::Credentials, 77),
            (ErrorKind::Config, 78),
            (ErrorKind::Model, 78),
            (ErrorKind::Interrupted, 130),
            (ErrorKind::BrokenPipe, 141),
            (ErrorKind::Terminated, 143),
        ];
        for (kind, code) in table {
            assert_eq!(of(kind), code, "{kind:?}");
        }
    }
}
