//! Stopping rules: when a vote is over before all voters were asked.
//!
//! ```text
//! StoppingRule ──(N)──► Stopper      Tally ──► Stopper::next ──► Ask(n), a wave │ Stop(reason)
//! ```
//!
//! Everything here is pure and synchronous; who makes the calls counts the answers into a
//! [`Tally`] and asks again. `plan` rests on a [`Forecast`], whose numbers come from recorded votes;
//! so does the [`CallIndex`] of elections that share a budget.

mod beta;
mod call_index;
mod chain;
mod criterion;
mod forecast;
mod foreseen_votes;
mod pitman_yor;
mod plan;
mod state;
mod stopper;
mod stopping_rule;
mod tally;
#[cfg(test)]
mod tests;

pub(super) use call_index::CallIndex;
pub(super) use forecast::Forecast;
pub use foreseen_votes::ForeseenVotes;
pub use stopper::{Step, StopReason, Stopper};
pub use stopping_rule::{StoppingRule, StoppingRuleError};
pub use tally::Tally;
