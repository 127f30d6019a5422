//! Map-reduce: an agent per document in parallel, then a combination.
//!
//! ```text
//! documents (a stream) ─► map agent each ─► answers ─► tree: neighbours that belong together
//!                                             ▲              │ as soon as they are all there
//!                                             └─ reduce agent ◄┘ … until one is left
//! ```

mod answer;
mod course;
mod glean;
mod intake;
mod ledger;
mod pack;
mod pattern;
mod rows;
mod split;
mod task;
mod topology;
mod work;

pub use answer::{
    DocumentSummary, Reduction, combining_agent, document_agent, reduce_agent, summary_agent,
};
pub use glean::{Glean, GleanError, GleanErrorKind, GleanTask, judging_agent};
pub use pack::pack;
pub use pattern::MapReduce;
pub use rows::{map_chunks, map_documents};
#[cfg(feature = "split")]
pub use split::{Boundary, Splitter, SplitterError};
pub use split::{Chunk, Half, Heading, Split};
pub use task::{ReduceItem, ReduceTask};
pub use topology::Topology;
