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
mod forecast;
mod pitman_yor;
mod plan;
mod state;
mod stopper;
mod stopping_rule;
mod tally;
#[cfg(test)]
mod tests;

pub(super) use forecast::{CallIndex, Chain, Forecast};
pub use pitman_yor::ForeseenVotes;
pub(super) use state::MOST_VOTES;
pub use stopper::{Step, StopReason, Stopper};
pub use stopping_rule::StoppingRule;
pub use tally::Tally;
