//! Tests of the patterns through their public interface, on scripted and mocked agents.
#![expect(clippy::too_many_lines, reason = "snapshots are long and flat")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

mod auth_log;
mod chunks;
mod code_reduce;
mod elections;
mod fan_out;
mod map_reduce;
mod policies;
mod prompts;
mod rules;
mod schemas;
mod section_modes;
mod sectioning;
mod streaming;
mod support;
mod voting;
