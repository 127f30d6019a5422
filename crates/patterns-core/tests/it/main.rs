//! What users of the crate rely on, seen from outside.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod call_key;
mod document;
mod errors;
mod events;
mod fallback;
mod model_agent;
mod schemas;
