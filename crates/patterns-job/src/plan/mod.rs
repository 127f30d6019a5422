//! What a job would do and cost, found out without a call.
//!
//! ```text
//! job ─► the real pattern ⇄ stand-ins for its models ─► tallies by stage ─► figures ─► Plan
//!                            └── the store: what it has is not counted as a call
//! ```
//!
//! The job is rehearsed: the real reader, splitter, tree and elections run, and in place of each model a
//! stand-in counts what would be sent and drafts an answer of the right shape. So calls are those of the
//! run itself, whatever the pattern does, and there is no second account of how it works.

mod ballots;
mod bounds;
mod drafts;
mod earlier_plans;
mod figures;
mod job_plan;
mod rehearsal;
mod seen;
mod stage_tally;
mod time;
mod warnings;
mod written_plan;

pub use earlier_plans::{CameTo, EarlierPlans, Off};
pub use written_plan::{Combines, Figure, FirstPrompt, Plan, PlanTotal, Stage};
