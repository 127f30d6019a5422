//! Judging answers: where votes on their words don't decide, a judge is asked about the answers.
//!
//! ```text
//! ballots ─► distinct answers ─► Judging: due tasks ◄─► judge ─► JudgedElection
//! ```

mod agent;
mod course;
mod knockout;
mod result;
mod rule;
mod same;
mod task;

pub use agent::judge_agent;
pub(super) use course::{Inquiry, Judging};
pub use knockout::Verdict;
pub use result::{JudgedAnswer, JudgedElection};
pub use rule::JudgedRule;
pub use task::{JudgeTask, Judgement};
