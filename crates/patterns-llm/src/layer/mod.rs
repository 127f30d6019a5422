//! Behaviours around a model, one per file, and the one place that orders them.

mod again;
mod alike;
mod budget;
mod hedge;
mod hedge_policy;
mod members;
mod pace;
mod prime;
mod repeats;
mod retry;
mod retry_policy;
mod rungs;
mod single_flight;
mod stack;
mod step_down;
mod timeout;
mod trace;
mod trial;
mod window;

pub use budget::{ASSUMED_OUTPUT_TOKENS, BudgetLayer, Budgeted};
pub use hedge::{HedgeLayer, Hedged};
pub use hedge_policy::HedgePolicy;
pub(crate) use members::{Member, Members};
pub use pace::{PaceLayer, Paced};
pub(crate) use prime::Beginnings;
pub use prime::{PrimeLayer, Primed};
pub use retry::{Retry, RetryLayer};
pub use retry_policy::{Attempts, Decision, RetryPolicy};
pub(crate) use rungs::has_lengths;
pub use single_flight::{SingleFlight, SingleFlightLayer};
pub(crate) use stack::Stack;
pub(crate) use step_down::Ladder;
pub use timeout::{Timeout, TimeoutLayer};
pub use trace::{Trace, TraceLayer};
