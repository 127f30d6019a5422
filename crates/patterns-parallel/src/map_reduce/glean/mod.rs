//! Gleaning: asking what an extraction has missed, until nothing new comes.
//!
//! The follow-up rounds of `GraphRAG` (2404.16130) and `DocETL` (2410.12189).

mod agent;
mod error;
mod follow_up;
mod merge;
mod rounds;
mod task;
#[cfg(test)]
mod tests;

pub use agent::{Glean, judging_agent};
pub use error::{GleanError, GleanErrorKind};
pub use task::GleanTask;
