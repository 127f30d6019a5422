//! Voting on objects field by field.
//!
//! ```text
//! schema ─► kinds ─┐
//! rules of fields ─► Fields ─► one ruling per field ─► ObjectElection
//! ballots ─────────┘
//! ```

mod field_rule;
mod fields;
mod leaf;
mod object;
mod union;

pub use field_rule::FieldRule;
pub use fields::Fields;
pub use leaf::ValueCount;
pub use object::{FieldElection, ObjectElection};
