//! Runs the bad days, each in a process of its own, and prints what came of them.

use std::process::Command;

use anyhow::{Context, Result};

use super::run::Report;
use super::storms::{Storm, all};
use crate::cargo::output;

/// Runs the bad days and prints a table; with `only`, that one and the calm day it is compared with.
pub(super) fn run_all(only: Option<&str>, calls: usize, seed: u64) -> Result<()> {
    let storms = all();
    let is_wanted = |storm: &&Storm| only.is_none_or(|name| [name, "calm"].contains(&storm.name));
    println!("{calls} documents, 256 in flight, seed {seed}; times are simulated\n");
    println!(
        "{:<15} {:>9} {:>9} {:>9} {:>7} {:>8} {:>7} {:>7} {:>8} {:>8} {:>8}",
        "day",
        "completed",
        "identical",
        "attempts",
        "floor",
        "429s",
        "allowed",
        "wasted",
        "healed",
        "wall",
        "memory"
    );
    let mut calm: Option<Report> = None;
    for storm in storms.iter().filter(is_wanted) {
        let report = in_a_process(storm.name, calls, seed)?;
        println!("{}", row(storm, &report, calm.as_ref(), calls));
        calm.get_or_insert(report);
    }
    Ok(())
}

fn in_a_process(name: &str, calls: usize, seed: u64) -> Result<Report> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["soak", "--json", "--only", name]);
    command.args(["--calls", &calls.to_string(), "--seed", &seed.to_string()]);
    let printed = output(&mut command)?;
    serde_json::from_str(&printed).with_context(|| format!("{name} printed {printed:?}"))
}

fn row(storm: &Storm, report: &Report, calm: Option<&Report>, calls: usize) -> String {
    let requests = report.requests as f64;
    let identical = match calm {
        _ if !storm.is_identical || !storm.can_complete => "-",
        Some(calm) if calm.answers != report.answers => "NO",
        _ => "yes",
    };
    let floor = storm.fault_share / (1.0 - storm.fault_share);
    let least = least_seconds(storm, report, calls);
    let allowed = if least > 0.0 {
        percent(least / report.wall)
    } else {
        String::new()
    };
    // On a day of outage, whatever was sent in vain; on a day of debt, whatever came too late.
    let wasted = match (storm.outage, storm.can_complete) {
        (Some(_), _) => percent((requests - calls as f64) / calls as f64),
        (None, false) => report.after_billing_stop.to_string(),
        _ => String::new(),
    };
    let healed = report.healed_after;
    let outage = storm.outage.map_or(0.0, |(from, to)| (to - from) as f64);
    let ideal = calm.map_or(report.wall, |calm| calm.wall.max(least) + outage);
    format!(
        "{:<15} {:>9} {:>9} {:>9} {:>7} {:>8} {:>7} {:>7} {:>8} {:>8} {:>8}",
        storm.name,
        percent(report.completed as f64 / calls as f64),
        identical,
        percent(requests / calls as f64 - 1.0),
        percent(floor),
        percent(report.throttled as f64 / requests),
        allowed,
        wasted,
        healed.map_or_else(String::new, |seconds| format!("{seconds:.1} s")),
        if storm.can_complete {
            format!("{:.2}x", report.wall / ideal)
        } else {
            String::new()
        },
        format!("{:.0} MiB", report.peak_memory as f64 / f64::from(1 << 20)),
    )
}

/// Returns how long the work takes at least, by what the provider allows.
fn least_seconds(storm: &Storm, report: &Report, calls: usize) -> f64 {
    let requests = storm.allowed.map_or(0.0, |rate| calls as f64 / rate);
    let tokens = storm
        .allowed_tokens
        .map_or(0.0, |rate| report.tokens as f64 / rate);
    requests.max(tokens)
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}
