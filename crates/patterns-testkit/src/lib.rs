//! What tests of parallel LLM work need: models and agents that answer from a script, mocks with
//! expectations, and a log of events made for snapshots.
//!
//! | to test | take |
//! |---|---|
//! | code that runs agents | [`ScriptedAgent`], [`MockAgent`] |
//! | an agent, a contract, a layer | [`ScriptedModel`], [`MockModel`], [`Scoped`] |
//! | what a run tells its observers | [`EventLog`] |
//! | what a real model answered, without it | `RecordLayer` and `Replay` (feature `cassette`) |
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), patterns_core::AgentError> {
//! use patterns_core::{Agent, Answer, Scope};
//! use patterns_testkit::MockAgent;
//!
//! let mut length = MockAgent::<&str, usize>::new();
//! length.expect_answer().once().returning(|text, _scope| Ok(Answer::new(text.len())));
//! assert_eq!(length.run(&"four", Scope::default()).await?.value, 4);
//! # Ok(()) }
//! ```

#[cfg(feature = "cassette")]
mod cassette;
mod event_log;
#[cfg(feature = "mock")]
mod mock;
mod scoped;
mod scripted;

#[cfg(feature = "cassette")]
pub use cassette::{
    CassetteError, CassetteErrorKind, Difference, MissingCall, RecordLayer, Recorded, Redactor,
    Replay,
};
pub use event_log::EventLog;
#[cfg(feature = "mock")]
pub use mock::{MockAgent, MockModel};
pub use scoped::Scoped;
pub use scripted::{Reply, ScriptedAgent, ScriptedModel};
