//! Three patterns of parallel LLM work, each "fan out, then aggregate", with typed answers.
//!
//! | pattern | fan out | aggregate |
//! |---|---|---|
//! | [`Sectioning`] | one agent call per section of a topic | a synthesis agent merges them |
//! | [`Voting`] | the same question to several voters | a voting rule decides |
//! | [`MapReduce`] | one agent call per document | a reduce agent combines, as a tree if need be |
//!
//! The patterns are written against [`Agent`](patterns_core::Agent): they see typed inputs and
//! outputs, never a provider. All concurrency is in [`FanOut`]: bounded, lazy, in place.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use patterns_parallel::{AgentOptions, Question, RunOptions, Voting};
//! use patterns_testkit::ScriptedModel;
//!
//! let model = Arc::new(ScriptedModel::new([
//!     r#"{"reasoning": "It melts.", "answer": "Yes", "confidence": 0.9}"#,
//!     r#"{"reasoning": "It is cold.", "answer": "no", "confidence": 0.5}"#,
//!     r#"{"reasoning": "Physics.", "answer": "yes.", "confidence": 0.8}"#,
//! ]));
//! let question = Question::new("Does ice melt at 5 °C?");
//! let voting = Voting::with_model(model, &AgentOptions::default()).voters(3);
//! let outcome = voting.run(question, &RunOptions::default()).await?;
//! let election = outcome.value?;
//! assert_eq!(election.winning_answer.as_deref(), Some("Yes"));
//! assert_eq!((election.vote_count, election.total_votes), (2, 3));
//! # Ok(()) }
//! ```

mod fan_out;
mod in_order;
mod inputs;
mod machine;
pub mod map_reduce;
mod options;
mod run;
mod running;
pub mod sectioning;
mod voting;

pub use fan_out::Stop;
pub use inputs::{FanOut, Order};
pub use map_reduce::MapReduce;
pub use options::{AgentOptions, FailurePolicy, RunOptions};

pub use run::RunError;
pub use running::Running;
pub use sectioning::Sectioning;
pub use voting::{
    Agreement, AnswerCount, AnswerWeight, Ballot, BallotTask, BatchElection, BatchTally, CallIndex,
    CourseStep, Decision, Election, FieldElection, FieldRule, FieldRuleError, FieldRules, Forecast,
    JudgeTask, JudgedAnswer, JudgedElection, JudgedRule, Judgement, Next, NumericElection,
    ObjectElection, PlanGoal, PlanLoss, PlanPrice, Prediction, Question, Reliability,
    ReliabilityBin, ReliabilityError, Rule, RuleDetail, ShareInterval, Spread, Step, StopReason,
    Stopper, StoppingRule, StoppingRuleError, Tally, TieBreak, Tolerance, ToleranceError,
    ValueCount, Verdict, Vote, VoteTable, Voter, Voting, VotingRule, VotingRuleError,
    WeightedElection, ballot_agent, ballot_agent_for, beta_confidence, course, decide_fields,
    decide_numbers, judge_agent, name_option, named_option, normalise, number_agent, read_number,
    reliability, vote_agent, wilson_interval,
};
