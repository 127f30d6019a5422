//! The simulator over HTTP: what it answers, when, and what its ledger says.
#![expect(
    clippy::unwrap_used,
    reason = "the lint exempts test functions, but not what they call"
)]

mod answers;
mod client;
mod contracts;
mod dialects;
mod errors;
mod faults;
mod ledger;
