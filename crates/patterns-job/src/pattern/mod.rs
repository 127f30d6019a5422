//! The patterns that jobs describe, one file for each.

mod map_reduce;
mod nested_writer;
mod section;
mod vote;

pub use map_reduce::ReadBy;
pub use vote::AnyVoting;
