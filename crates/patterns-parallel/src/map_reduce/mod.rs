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
mod halves;
mod keyed;
mod machine;
mod pattern;
mod pieces;
mod reduce;
mod reduce_prompt;
mod summaries;
mod topology;

pub use code::CodeReduce;
pub use combine::Combine;
pub use keyed::{FieldProblem, KeyedReduce, Table};
pub use pattern::MapReduce;
pub use pieces::MapInput;
pub use reduce::Reduce;
pub use reduce_prompt::{ReduceItem, ReduceTask, reduce_agent};
pub use summaries::{
    DOCUMENT_INSTRUCTIONS, DocumentSummary, Reduction, document_agent, summary_agent,
};
pub use topology::Topology;
