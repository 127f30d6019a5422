//! The sections of a piece: what they are about, what they build on, and where they come from.

mod gate;
mod markdown;
#[expect(
    clippy::module_inception,
    reason = "the file is named after its main type"
)]
mod outline;
mod plan;
mod planner;

pub use gate::{GateTask, Verdict, gate_agent};
pub use outline::{Outline, OutlineError, SectionBrief};
pub use plan::Plan;
pub use planner::{OutlineTask, planner_agent};

pub(super) use gate::is_step_by_step;
