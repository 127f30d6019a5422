//! Real and hostile files, read through the public interface.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

mod apart;
mod attached;
mod files;
mod formats;
mod hostile;
mod names;
mod part;
mod pdf;
mod support;
mod tables;
