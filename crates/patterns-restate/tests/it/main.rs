//! The driver against a scripted server, and the worker as a server sees it. Both together, and a real
//! server between them, are the step `restate` of `cargo xtask ci`.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of tests may fail a test, and their server runs beside it"
)]

mod calls;
mod jobs;
mod scripted;
mod trouble;
mod worker;
