//! What an answer must look like: a JSON Schema that is sent, and the code that holds answers to it.
//!
//! ```text
//! text ─► extract (local repair, each fix recorded) ─► validate against the schema ─► decode ─► checks
//!                                                            └── Rejection: what failed, with JSON pointers
//! ```

mod error;
mod extract;
mod informing;
mod normal;
mod optional;
mod pattern;
mod recursion;
mod references;
mod rejection;
mod strict;
mod terms;

pub use error::ContractError;
pub use extract::{Fix, MAX_ANSWER_BYTES, MAX_DEPTH};
pub(crate) use references::resolve;
pub use rejection::{Rejection, Violation};
pub use strict::{SchemaProblem, Strict};
pub use terms::{Contract, Decoded, parse_schema};
