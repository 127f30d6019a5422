//! Sectioning: independent sections in parallel, then a synthesis.
//!
//! ```text
//! topic ─► outline (given, or planned by an agent) ─► one section agent each ─► synthesis agent
//! ```

mod answer;
mod machine;
mod pattern;
mod plan;
mod task;

pub use answer::{Section, Synthesis, planner_agent};
pub use pattern::Sectioning;
pub use plan::Plan;
pub use task::{Outline, OutlineTask, SectionBrief, SectionTask, SynthesisTask, WrittenSection};
