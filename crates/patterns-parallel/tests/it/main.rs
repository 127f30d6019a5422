//! Tests of the patterns through their public interface, on scripted and mocked agents.

mod fan_out;
mod map_reduce;
mod policies;
mod prompts;
mod schemas;
mod sectioning;
mod support;
mod voting;
