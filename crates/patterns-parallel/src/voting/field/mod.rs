//! Voting on objects field by field.
//!
//! ```text
//! schema ─► kinds ─┐
//! rules of fields ─► Fields ─► one ruling per field ─► ObjectElection
//! ballots ─────────┘
//! ```

mod field_rule;
mod field_ruling;
mod fields;
mod kind;
mod leaf;
mod object;
mod union;

pub use field_rule::{FieldError, FieldRule};
pub use field_ruling::ValueCount;
pub use fields::Fields;
pub use object::{FieldElection, ObjectElection};
pub use union::Union;
