//! What a judge is asked about the answers of an election, and who judges.

mod agent;
mod judgement;
mod task;

pub use agent::judge_agent;
pub use judgement::{Comparison, Judged, JudgedAnswer, JudgedBy, Judgements};
pub use task::{Better, JudgeTask, Judgement};
