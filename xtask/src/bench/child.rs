//! Starts the processes that a benchmark consists of.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::Load;
use super::measure::Measurement;
use crate::cargo::output;

/// A simulator in a process of its own, which ends with this value.
#[derive(Debug)]
pub(super) struct Simulator {
    process: Child,
    /// Where it listens.
    pub(super) url: String,
}

impl Simulator {
    /// Starts one that takes so long for each answer.
    pub(super) fn start(latency_ms: u64) -> Result<Self> {
        let mut command = part("simulator")?;
        command.args(["--latency-ms", &latency_ms.to_string()]);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process
            .stdout
            .take()
            .context("the simulator has no stdout")?;
        let mut simulator = Self {
            process,
            url: String::new(),
        };
        BufReader::new(stdout).read_line(&mut simulator.url)?;
        simulator.url.truncate(simulator.url.trim_end().len());
        anyhow::ensure!(!simulator.url.is_empty(), "the simulator did not start");
        Ok(simulator)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may be gone already, and then there is nothing left to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs our stack over an adapter; `command` is this program, or one that runs it.
pub(super) fn client_of(
    mut command: Command,
    adapter: &str,
    url: &str,
    load: Load,
) -> Result<Measurement> {
    command.args(["bench", "part", "stack", "--adapter", adapter]);
    calls(&mut command, url, load);
    let printed = output(&mut command)?;
    serde_json::from_str(&printed).with_context(|| format!("`{adapter}` printed {printed:?}"))
}

fn calls(command: &mut Command, url: &str, load: Load) {
    command.args(["--url", url]);
    command.args(["--calls", &load.calls.to_string()]);
    command.args(["--in-flight", &load.in_flight.to_string()]);
}

/// Runs one side of a comparison, `bare` or `stack`, and returns what it cost.
pub(super) fn client(side: &str, url: &str, load: Load) -> Result<Measurement> {
    let mut command = part(side)?;
    calls(&mut command, url, load);
    let printed = output(&mut command)?;
    serde_json::from_str(&printed).with_context(|| format!("`{side}` printed {printed:?}"))
}

fn part(name: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bench", "part", name]);
    Ok(command)
}
