//! Gleaning: asking what an extraction has missed, until nothing new comes.
//!
//! A follow-up asks for lists only, without their `minItems`: all else was answered, and who has missed
//! nothing must be able to say so. Lists with a `maxItems` are left alone, since what is added could
//! break the user's schema.
//!
//! The follow-up rounds of `GraphRAG` (2404.16130) and `DocETL` (2410.12189).

mod agent;
mod follow_up;
mod merge;
mod rounds;
#[cfg(test)]
mod tests;

pub use agent::{Glean, GleanError, GleanTask, judging_agent};
