//! Stopping rules: when a vote is over before all voters were asked.
//!
//! ```text
//! StoppingRule ──(N)──► Stopper      Tally ──► Stopper::next ──► Draw(n), a wave │ Stop(reason)
//! ```
//!
//! Everything here is pure and synchronous; who makes the calls counts the answers into a
//! [`Tally`] and asks again. `plan` rests on a [`Forecast`], whose numbers come from recorded votes;
//! so does the [`CallIndex`] of elections that share a budget.

mod beta;
mod chain;
mod criterion;
mod error;
mod exact;
mod forecast;
mod gamma;
mod index;
mod pitman_yor;
mod plan;
mod rule;
mod state;
mod stopper;
mod tally;
#[cfg(test)]
mod tests;
mod text;

pub use beta::beta_confidence;
pub use error::StoppingRuleError;
pub use forecast::Forecast;
pub use index::CallIndex;
pub use plan::Prediction;
pub use rule::{PlanGoal, PlanLoss, PlanPrice, StoppingRule};
pub use stopper::{Step, StopReason, Stopper};
pub use tally::Tally;
