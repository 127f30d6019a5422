//! Map-reduce: an agent per document in parallel, then a combination.
//!
//! ```text
//! documents (a stream) ─► map agent each ─► answers ─► tree: neighbours that belong together
//!                                             ▲              │ as soon as they are all there
//!                                             └─ reduce agent ◄┘ … until one is left
//! ```

mod answer;
mod code;
mod course;
mod glean;
mod input;
mod intake;
mod keyed;
mod ledger;
mod overflow;
mod pack;
mod pattern;
mod provenance;
mod rows;
mod split;
mod task;
mod topology;
mod unseen;
mod work;

pub use answer::{
    DocumentSummary, Reduction, combining_agent, document_agent, reduce_agent, summary_agent,
};
pub use code::{CodeFunction, CodeReduce, CodeReduceError, Field, FieldTrouble};
pub use glean::{Glean, GleanError, GleanErrorKind, GleanTask, judging_agent};
pub use input::MapInput;
pub use keyed::{
    CodeMapReduce, DifferentReduce, FieldProblem, KeyCandidates, KeyCount, KeyMerges, KeyPair,
    KeyedReduce, SameKey, Table, TableBuilder, csv_record, key_agent, key_candidates,
};
pub use pack::pack;
pub use pattern::MapReduce;
pub use provenance::{
    CheckedStatement, CheckedStatements, Grounds, ProvenanceRecord, Quote, Statement,
    StatementList, Support, SupportCounts, Unfolded, Unsupported, find_quote, unfold,
};
pub use rows::{map_chunks, map_documents};
#[cfg(feature = "split")]
pub use split::{Boundary, Splitter, SplitterError};
pub use split::{Chunk, Half, Heading, Split};
pub use task::{ReduceItem, ReduceTask};
pub use topology::Topology;
