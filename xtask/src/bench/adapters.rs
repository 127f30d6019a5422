//! `cargo xtask bench overhead --adapters`: what a call costs through each adapter.
//!
//! In instructions of user code, which do not depend on what else the machine does: what starting costs is
//! measured by itself and taken off. Where `perf` is not there or the machine counts none for it, as in most
//! virtual ones, in the CPU time that the system gives: the adapters take turns, and the least of several runs
//! counts.

use std::num::NonZeroUsize;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::Load;
use super::child::{client, client_of, provider};
use crate::binary::build_for_release;

/// The adapters; the others are compared with the first.
const ADAPTERS: [&str; 4] = ["openai", "anthropic", "gemini", "ollama"];

/// At most so many times what the first costs.
const GOAL: f64 = 1.15;

/// So many calls fewer are made to see what starting costs.
const FEWER: usize = 10;

/// How often each is timed.
const RUNS: usize = 5;

/// Measures and prints.
pub(super) fn run(load: Load) -> Result<()> {
    let simulator = provider(&build_for_release(&[])?, 0)?;
    println!("{} calls, {} in flight\n", load.calls, load.in_flight);
    let (unit, each) = match perf_counts() {
        true => ("instructions", executed(&simulator.url, load)?),
        false => {
            println!("perf counts no instructions here: CPU time, least of {RUNS} runs\n");
            ("CPU, µs", timed(&simulator.url, load)?)
        }
    };
    println!("{:<10} {:>17}  ratio", "adapter", format!("{unit}/call"));
    for (adapter, it) in ADAPTERS.iter().zip(each) {
        let ratio = it / each[0];
        let verdict = if ratio <= GOAL {
            ""
        } else {
            "  more than the goal"
        };
        println!("{adapter:<10} {it:>17.1} {ratio:>6.2}{verdict}");
    }
    println!("\ngoal: {GOAL} at most");
    Ok(())
}

/// Returns how many instructions a call takes through each adapter.
fn executed(url: &str, load: Load) -> Result<[f64; ADAPTERS.len()]> {
    let fewer = Load {
        calls: NonZeroUsize::new(load.calls.get() / FEWER).unwrap_or(NonZeroUsize::MIN),
        ..load
    };
    let difference = (load.calls.get() - fewer.calls.get()).max(1) as f64;
    let mut each = [0.0; ADAPTERS.len()];
    for (adapter, each) in ADAPTERS.iter().zip(&mut each) {
        let [all, start] = [load, fewer].map(|it| instructions(adapter, url, it));
        *each = (all? as f64 - start? as f64) / difference;
    }
    Ok(each)
}

/// Returns how many microseconds of CPU time a call takes through each adapter.
fn timed(url: &str, load: Load) -> Result<[f64; ADAPTERS.len()]> {
    let mut least = [f64::INFINITY; ADAPTERS.len()];
    for _ in 0..RUNS {
        for (adapter, least) in ADAPTERS.iter().zip(&mut least) {
            let used = client(&["stack", "--adapter", adapter], url, load)?;
            let each = used.cpu.as_secs_f64() * 1e6 / load.calls.get() as f64;
            *least = least.min(each);
        }
    }
    Ok(least)
}

/// Returns whether `perf` is there and counts instructions.
fn perf_counts() -> bool {
    let mut perf = Command::new("perf");
    perf.args(["stat", "-x,", "-e", "instructions:u", "true"]);
    let output = perf.stdin(Stdio::null()).output();
    output.is_ok_and(|it| counted(&String::from_utf8_lossy(&it.stderr)).is_some())
}

/// Counts what a process executes that makes so many calls.
fn instructions(adapter: &str, url: &str, load: Load) -> Result<u64> {
    let counts = std::env::temp_dir().join(format!("patterns-perf-{}", std::process::id()));
    let mut perf = Command::new("perf");
    perf.args(["stat", "-x,", "-e", "instructions:u", "-o"]);
    perf.arg(&counts).arg("--").arg(std::env::current_exe()?);
    client_of(perf, &["stack", "--adapter", adapter], url, load)?;
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
