//! Sectioning: sections in parallel, each as soon as those that it builds on are there, then the whole.
//!
//! ```text
//! topic ─► gate? ─► outline (given, or planned by an agent) ─► one section agent each, as a DAG
//!                                                                │ ─► review? ─► sections again
//!                                                                └► synthesis agent, or code
//! ```

mod answer;
mod citation;
mod dag;
mod machine;
mod outline;
mod pattern;
mod review;
mod task;
mod unseen;
mod wording;

pub use answer::{Section, Synthesis, section_agent};
pub use citation::{Citation, remarked};
pub use outline::{Outline, OutlineTask, Plan, SectionBrief};
pub use pattern::{Growth, Sectioning};
pub use review::Change;
pub use task::{SectionSummary, SectionTask, SynthesisTask, WrittenSection};
