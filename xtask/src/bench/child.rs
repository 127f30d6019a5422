//! Starts the processes that a benchmark consists of.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::Load;
use super::measure::Measurement;
use crate::cargo::output;
use crate::provider::Provider;

/// Starts a simulator that takes so long for each answer.
pub(super) fn provider(patterns: &Path, latency_ms: u64) -> Result<Provider> {
    let latency = format!("{latency_ms}ms");
    Provider::start(patterns, &std::env::temp_dir(), &["--latency", &latency])
}

/// Runs one side of a comparison, `bare` or `stack`, and returns what it cost.
pub(super) fn client(side: &[&str], url: &str, load: Load) -> Result<Measurement> {
    client_of(Command::new(std::env::current_exe()?), side, url, load)
}

/// Does the same; `command` is this program, or one that runs it.
pub(super) fn client_of(
    mut command: Command,
    side: &[&str],
    url: &str,
    load: Load,
) -> Result<Measurement> {
    command.args(["bench", "part"]).args(side);
    command.args(["--url", url]);
    command.args(["--calls", &load.calls.to_string()]);
    command.args(["--in-flight", &load.in_flight.to_string()]);
    let printed = output(&mut command)?;
    serde_json::from_str(&printed).with_context(|| format!("`{side:?}` printed {printed:?}"))
}
