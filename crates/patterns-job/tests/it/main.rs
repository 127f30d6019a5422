//! Tests of the patterns together with what cuts and chooses their documents.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

mod long_context;
mod nothing_lost;
