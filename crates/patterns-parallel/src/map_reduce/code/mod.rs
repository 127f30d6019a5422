//! Reductions without a model: what code can compute from the answers, exactly and for nothing.
//!
//! ```text
//! answer ─► field ─► values, or what is wrong with it ─► state (mergeable) ─► result
//! ```

mod counts;
mod error;
mod field;
mod form;
mod function;
mod moments;
mod number;
mod reduce;
mod state;
#[cfg(test)]
mod tests;

pub(super) use counts::RowPosition;
pub use error::CodeReduceError;
pub use field::{Field, FieldTrouble};
pub(super) use form::form;
pub use function::CodeFunction;
pub use reduce::CodeReduce;
pub(super) use state::{State, Taken};
