//! What tests of parallel LLM work need: models and agents that answer from a script, mocks with
//! expectations, a log of events made for snapshots, and a simulated provider.
//!
//! | to test | take |
//! |---|---|
//! | code that runs agents | [`ScriptedAgent`], [`MockAgent`] |
//! | an agent, a contract, a layer | [`ScriptedModel`], [`MockModel`] |
//! | what a run tells its observers | [`EventLog`] |
//! | everything down to HTTP | `Simulator` (feature `simulator`) |
//! | what a real model answered, without it | `RecordLayer` and `Replay` (feature `cassette`) |

#[cfg(feature = "cassette")]
mod cassette;
mod event_log;
#[cfg(feature = "mock")]
mod mock;
mod scripted;
#[cfg(feature = "simulator")]
mod simulator;

#[cfg(feature = "cassette")]
pub use cassette::{
    CassetteError, CassetteErrorKind, Difference, MissingCall, RecordLayer, Recorded, Redactor,
    Replay,
};
pub use event_log::EventLog;
#[cfg(feature = "mock")]
pub use mock::{MockAgent, MockModel};
pub use scripted::{Reply, ScriptedAgent, ScriptedModel};
#[cfg(feature = "simulator")]
pub use simulator::{
    Billing, Dropped, Entry, FaultShares, InMemory, InMemoryReply, Latency, Ledger, Limits, Outage,
    OutageKind, Scenario, ScenarioError, Simulator, SimulatorBuilder,
};
