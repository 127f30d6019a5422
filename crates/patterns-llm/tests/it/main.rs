//! Tests of connected models over loopback: what is sent, and what becomes of what comes back.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]
#![expect(
    clippy::disallowed_methods,
    reason = "the server of a test is a task of its own"
)]

mod conformance;
mod exchange;
mod network;
mod server;
mod storm;
mod streams;
mod vocabulary;
mod wire;
