//! Sectioning: independent sections in parallel, then a synthesis.
//!
//! ```text
//! topic ─► outline (given, or planned by an agent) ─► one section agent each ─► synthesis agent
//! ```

mod answer;
mod machine;
mod pattern;
mod task;

pub use answer::{Section, Synthesis};
pub use pattern::Sectioning;
pub use task::{Outline, OutlineTask, SectionBrief, SectionTask, SynthesisTask, WrittenSection};
