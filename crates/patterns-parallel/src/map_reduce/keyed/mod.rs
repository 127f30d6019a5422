//! Keyed reduce: answers grouped by a field, and code reductions of each group, as a table.
//!
//! ```text
//! answers ─► rows ─► groups by key ─► (keys that mean the same are merged) ─► reductions ─► Table
//! ```

mod builder;
mod problem;
mod reduce;
mod spellings;
mod table;
mod tabulate;
#[cfg(test)]
mod tests;

pub use builder::{DifferentReduce, TableBuilder};
pub use problem::FieldProblem;
pub use reduce::KeyedReduce;
pub use spellings::{
    KeyCandidates, KeyCount, KeyMerges, KeyPair, SameKey, key_agent, key_candidates,
};
pub use table::{Table, csv_record};
pub use tabulate::Tabulate;
