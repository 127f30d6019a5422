//! Scripted models for tests.
mod mock;
mod scripted;
pub use mock::{MockAgent, MockModel};
pub use scripted::ScriptedModel;
