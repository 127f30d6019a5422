//! The patterns that jobs describe, one file for each.

mod map_reduce;
mod nested_writer;
mod reduce_budget;
mod section;
mod vote;

pub use map_reduce::ReadBy;
pub use reduce_budget::{ReduceBudget, RestsOn};
pub use vote::AnyVoting;
