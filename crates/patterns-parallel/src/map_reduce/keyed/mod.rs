//! Keyed reduce: answers grouped by a field, and code reductions of each group, as a table.
//!
//! ```text
//! answers ─► rows ─► groups by key ─► (keys that mean the same are merged) ─► reductions ─► Table
//! ```

mod builder;
mod pattern;
mod problem;
mod reduce;
mod resolve;
mod table;
#[cfg(test)]
mod tests;

pub use builder::{DifferentReduce, TableBuilder};
pub use pattern::CodeMapReduce;
pub use problem::FieldProblem;
pub use reduce::KeyedReduce;
use resolve::resolve;
pub use resolve::{
    KeyCandidates, KeyCount, KeyMerges, KeyPair, SameKey, key_agent, key_candidates,
};
pub use table::{Table, csv_record};
