//! Readers of other people that may panic on hostile files.

#[cfg(any(feature = "parquet", feature = "pdf"))]
use crate::{UnreadableKind, format::Reason};

/// Runs a reader whose panic is the fault of the file.
///
/// PDF and Parquet readers index into what they read without asking; a panic of theirs says that the
/// file is broken, and leaves nothing behind, since what they work on is dropped with them. (It is
/// written to standard error by the panic hook all the same.)
#[cfg(any(feature = "parquet", feature = "pdf"))]
pub(super) fn contained<T>(read: impl FnOnce() -> Result<T, Reason>) -> Result<T, Reason> {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    result.unwrap_or_else(|_| Err((UnreadableKind::Broken, "is damaged".to_owned())))
}
