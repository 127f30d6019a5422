//! Voting on objects field by field: each field by the rule that its kind of value calls for.
//!
//! ```text
//! schema ─► shape ─┐
//! overrides ─► FieldRules ─► one election per field ─► ObjectElection
//! ballots ─────────┘
//! ```

mod canonical;
mod count;
mod leaf;
mod list;
mod number;
mod result;
mod rule;
mod rules;
mod shape;

pub(crate) use canonical::exact;
pub use count::decide_fields;
pub use result::{FieldElection, ObjectElection, ValueCount};
pub use rule::FieldRule;
pub use rules::{FieldRuleError, FieldRules};
pub(crate) use shape::segments;

#[cfg(test)]
mod tests;
