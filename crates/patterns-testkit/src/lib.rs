//! What tests of parallel LLM work need: models and agents that answer from a script, mocks with
//! expectations, and a log of events made for snapshots.
//!
//! | to test | take |
//! |---|---|
//! | code that runs agents | [`ScriptedAgent`], [`MockAgent`] |
//! | an agent, a contract, a layer | [`ScriptedModel`], [`MockModel`], [`Scoped`] |
//! | what a run tells its observers | [`EventLog`] |
//! | what a real model answered, without it | `RecordLayer` and `Replay` (feature `cassette`) |

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
