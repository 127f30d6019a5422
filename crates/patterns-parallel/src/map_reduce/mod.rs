//! Map-reduce: an agent per document in parallel, then a combination.
//!
//! ```text
//! documents (a stream) ─► map agent each ─► answers ─► pack by tokens ─► reduce agent
//!                                              ▲                            │
//!                                              └── until one is left ◄──────┘
//! ```

mod answer;
mod pack;
mod pattern;
mod task;
mod tree;

pub use answer::{DocumentSummary, Reduction, document_agent, summary_agent};
pub use pack::pack;
pub use pattern::{MapReduce, map_documents};
pub use task::{ReduceItem, ReduceTask};
