//! What an answer must look like: a JSON Schema that is sent, and the code that holds answers to it.
//!
//! ```text
//! text ─► extract (local repair, each fix recorded) ─► validate against the schema ─► decode ─► checks
//!                                                            └── Rejection: what failed, with JSON pointers
//! ```

#[expect(
    clippy::module_inception,
    reason = "a file has the name of its main type"
)]
mod contract;
mod document_tags;
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

pub use contract::{Contract, Decoded, parse_schema};
pub use error::ContractError;
pub use extract::{Fix, MAX_ANSWER_BYTES, MAX_DEPTH};
pub(crate) use references::resolve;
pub use rejection::{Rejection, Violation};
pub use strict::{SchemaProblem, Strict};
