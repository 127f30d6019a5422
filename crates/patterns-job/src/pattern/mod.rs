//! The patterns that jobs describe, one file for each.

mod map_reduce;
mod nested_writer;
mod reduce_budget;
mod vote;

pub use map_reduce::ReadBy;
pub(crate) use nested_writer::NestedWriter;
pub use reduce_budget::{ReduceBudget, RestsOn};
pub use vote::AnyVoting;
