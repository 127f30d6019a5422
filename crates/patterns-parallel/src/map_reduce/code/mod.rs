//! Reductions without a model: what code can compute from the answers, exactly and for nothing.
//!
//! ```text
//! answer ─► field ─► values, or what is wrong with it ─► state (mergeable) ─► result
//! ```

mod code_reduce;
mod counts;
mod field;
mod function;
mod numbers;
mod state;
#[cfg(test)]
mod tests;

pub use code_reduce::{CodeReduce, CodeReduceError};
pub(super) use counts::{RowPosition, form};
pub use field::{Field, FieldTrouble};
pub use function::CodeFunction;
pub(super) use state::{State, Taken};
