//! `cargo xtask bench overhead --adapters`: what a call costs through each adapter, in instructions of user
//! code, which do not depend on what else the machine does. What starting costs is measured by itself and
//! taken off.

use std::num::NonZeroUsize;
use std::process::Command;

use anyhow::{Context, Result};

use super::Load;
use super::child::{Simulator, client_of};

/// The adapters; the others are compared with the first.
const ADAPTERS: [&str; 4] = ["openai", "anthropic", "gemini", "ollama"];

/// At most so many times what the first costs.
const GOAL: f64 = 1.15;

/// So many calls fewer are made to see what starting costs.
const FEWER: usize = 10;

/// Measures and prints.
pub(super) fn run(load: Load) -> Result<()> {
    let simulator = Simulator::start(0)?;
    let fewer = Load {
        calls: NonZeroUsize::new(load.calls.get() / FEWER).unwrap_or(NonZeroUsize::MIN),
        ..load
    };
    let difference = (load.calls.get() - fewer.calls.get()).max(1) as f64;
    println!("{} calls, {} in flight\n", load.calls, load.in_flight);
    println!("adapter    instructions/call  ratio");
    let mut first = None;
    for adapter in ADAPTERS {
        let [all, start] = [load, fewer].map(|it| instructions(adapter, &simulator.url, it));
        let each = (all? as f64 - start? as f64) / difference;
        let ratio = each / *first.get_or_insert(each);
        let verdict = if ratio <= GOAL {
            ""
        } else {
            "  more than the goal"
        };
        println!("{adapter:<10} {each:>17.0} {ratio:>6.2}{verdict}");
    }
    println!("\ngoal: {GOAL} at most");
    Ok(())
}

/// Counts what a process executes that makes so many calls.
fn instructions(adapter: &str, url: &str, load: Load) -> Result<u64> {
    let counts = std::env::temp_dir().join(format!("patterns-perf-{}", std::process::id()));
    let mut perf = Command::new("perf");
    perf.args(["stat", "-x,", "-e", "instructions:u", "-o"]);
    perf.arg(&counts).arg("--");
    client_of(perf, adapter, url, load).context("perf counts instructions; is it there?")?;
    let text = std::fs::read_to_string(&counts)?;
    std::fs::remove_file(&counts)?;
    counted(&text).with_context(|| format!("perf counted nothing: {text}"))
}

/// Reads `123,,instructions:u,…`.
fn counted(text: &str) -> Option<u64> {
    let line = text.lines().find(|it| it.contains("instructions"))?;
    line.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_perf_has_counted_is_read() {
        let text = "# started on …\n\n7654321,,instructions:u,1000,100.00,,\n";
        assert_eq!(counted(text), Some(7_654_321));
        assert_eq!(counted("<not supported>,,instructions:u,0,0.00,,"), None);
    }
}
