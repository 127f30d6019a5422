//! Map-reduce: an agent per document in parallel, then one result.
//!
//! ```text
//! documents (a stream) ─► pieces ─► map agent each ─► answers ─► Reduce: combined by an agent in a tree,
//!                                                                        tabulated by code, folded, or rows
//! ```

mod code;
mod combine;
mod combining;
mod coverage;
mod glean;
mod halves;
mod keyed;
mod machine;
mod pattern;
mod pieces;
mod provenance;
mod reduce;
mod reduce_prompt;
mod summaries;
mod topology;

pub use code::CodeReduce;
pub use combine::Combine;
pub use glean::Glean;
pub use keyed::{FieldProblem, KeyedReduce, Table};
pub use pattern::MapReduce;
pub use pieces::MapInput;
pub use provenance::{
    Quote, Statement, Statements, Support, SupportCounts, Unfolded, Unsupported, statement_agent,
};
pub use reduce::Reduce;
pub use reduce_prompt::{ReduceItem, ReduceTask, reduce_agent};
pub use summaries::{DocumentSummary, Reduction, document_agent, summary_agent};
pub use topology::Topology;
