//! Keyed reduce: answers grouped by a field, and code reductions of each group, as a table.
//!
//! ```text
//! answers ─► rows ─► groups by key ─► (keys that mean the same are merged) ─► reductions ─► Table
//! ```

mod keyed_reduce;
mod spellings;
mod table;
mod table_builder;
mod tabulate;
#[cfg(test)]
mod tests;

pub use keyed_reduce::KeyedReduce;

use spellings::{KeyCount, KeyMerges, key_candidates};
pub use spellings::{KeyPair, SameKey, key_agent};
pub use table::{FieldProblem, Table};
pub use table_builder::TableBuilder;
pub use tabulate::Tabulate;
