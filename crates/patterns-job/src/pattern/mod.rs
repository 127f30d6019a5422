//! The patterns that jobs describe, one file for each, and the agents that only jobs have: statements that quote,
//! gleaning, sections that are jobs of their own.

mod glean;
mod map_reduce;
mod nested_writer;
mod reduce_budget;
mod section;
mod statements;
mod vote;

pub(crate) use glean::Glean;
pub use map_reduce::ReadBy;
pub use reduce_budget::{ReduceBudget, RestsOn};
pub use statements::{Quote, Statement, Statements, Support, SupportCounts, Unfolded, Unsupported};
pub use vote::AnyVoting;
