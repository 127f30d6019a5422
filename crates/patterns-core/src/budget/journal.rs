//! Where it is kept what a budget has let in, so that it is known after a crash.

use std::fmt;

use crate::{BoxFuture, ModelError};

/// Keeps what a [`Budget`](super::Budget) has spent and reserved where a crash does not reach it.
///
/// A cap holds across crashes only if a reservation is kept *before* it is used: what is kept
/// afterwards is missing for whatever was under way when the process was killed.
pub trait Journal: fmt::Debug + Send + Sync {
    /// Returns once everything that was reserved before is kept.
    ///
    /// # Errors
    ///
    /// The future returns an error if it cannot be kept; then nothing may be sent.
    fn keep(&self) -> BoxFuture<'_, Result<(), ModelError>>;
}
