//! Three patterns of parallel LLM work, each "fan out, then aggregate", with typed answers.
//!
//! | pattern | fan out | aggregate |
//! |---|---|---|
//! | [`Sectioning`] | one agent call per section of a topic | a synthesis agent merges them |
//! | [`Voting`] | the same question to several voters | a voting rule decides |
//! | [`MapReduce`] | one agent call per document | a reduce agent combines, as a tree if need be |
//!
//! The patterns are written against [`Agent`](patterns_core::Agent): they see typed inputs and
//! outputs, never a provider. All concurrency is in one place, bounded and lazy; [`fan_out`] has it for
//! work that is none of the patterns.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use patterns_parallel::{AgentOptions, Panel, Plurality, Question, RunOptions, Voting};
//! use patterns_testkit::ScriptedModel;
//!
//! let model = Arc::new(ScriptedModel::new([
//!     r#"{"reasoning": "It melts.", "answer": "Yes", "confidence": 0.9}"#,
//!     r#"{"reasoning": "It is cold.", "answer": "no", "confidence": 0.5}"#,
//!     r#"{"reasoning": "Physics.", "answer": "yes.", "confidence": 0.8}"#,
//!     r#"{"reasoning": "0 °C is enough.", "answer": "Yes", "confidence": 0.9}"#,
//! ]));
//! let question = Question::new("Does ice melt at 5 °C?");
//! let panel = Panel::of_model(model, &AgentOptions::default());
//! let voting = Voting::new(panel, Plurality::new());
//! let outcome = voting.run(question, &RunOptions::default()).await?;
//! let election = outcome.value?;
//! assert_eq!(election.winning_answer.as_deref(), Some("Yes"));
//! assert_eq!((election.vote_count, election.total_votes), (3, 4));
//! # Ok(()) }
//! ```

mod agent_by;
mod fan_out;
mod in_order;
mod inputs;
mod machine;
pub mod map_reduce;
mod options;
mod run;
mod running;
pub mod sectioning;
pub mod voting;

pub use inputs::fan_out;
pub use map_reduce::MapReduce;
pub use options::{AgentOptions, FailurePolicy, RunOptions};

pub use run::RunError;
pub use running::Running;
pub use sectioning::Sectioning;
pub use voting::{Panel, Plurality, Question, Voting};
