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
mod piece;
mod review;
mod task;
mod wording;

pub use answer::{Section, Synthesis, section_agent};
pub use citation::Citation;
pub use outline::{
    GateTask, Outline, OutlineError, OutlineTask, Plan, SectionBrief, Verdict, gate_agent,
    planner_agent,
};
pub use pattern::{Growth, Sectioning};
pub use piece::{Piece, PieceText, anchor};
pub use review::{Change, Issue, Review, ReviewTask, review_agent};
pub use task::{Revision, SectionSummary, SectionTask, SynthesisTask, WrittenSection};
