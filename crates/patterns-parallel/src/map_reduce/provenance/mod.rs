//! Provenance: statements that name their sources, checked by code at every combination.
//!
//! ```text
//! document ─► map ─► statements {text, sources, quote} ─► check ─► reduce ─► check ─► … ─► record
//! ```

mod check;
mod quote;
mod record;
mod statements;
#[cfg(test)]
mod tests;

use check::Grounds;
pub use check::{CheckedStatement, CheckedStatements, Support, SupportCounts, Unsupported};
pub(crate) use quote::find_quote;
pub use record::{ProvenanceRecord, Unfolded, unfold};
pub use statements::{Quote, Statement, StatementList, statement_agents};
