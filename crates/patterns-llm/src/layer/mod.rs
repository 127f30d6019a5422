//! Behaviours around a model, one per file, and the one place that orders them.

mod pace;
mod repeats;
mod retry;
mod retry_policy;
mod stack;
mod timeout;
mod trace;

pub use pace::{PaceLayer, Paced};
pub use retry::{Retry, RetryLayer};
pub use retry_policy::{Attempts, Decision, RetryPolicy};
pub(crate) use stack::Stack;
pub use timeout::{Timeout, TimeoutLayer};
pub use trace::{Trace, TraceLayer};
