//! What the overhead benchmark prints.

use std::fmt::Write;
use std::time::Duration;

use super::Load;
use super::measure::Measurement;

/// At most this many times the CPU time of the bare loop, with every layer on.
const CPU_GOAL: f64 = 2.0;
/// At most this many times the ideal wall time, where the simulator has a latency.
const WALL_GOAL: f64 = 1.05;

/// Both sides at one latency.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    /// How long the simulator takes for an answer.
    pub(super) latency_ms: u64,
    /// How long all calls take at least.
    pub(super) ideal: Duration,
    /// The bare reqwest loop.
    pub(super) bare: Measurement,
    /// Our stack.
    pub(super) stack: Measurement,
}

impl Comparison {
    fn cpu_ratio(&self) -> f64 {
        self.stack.cpu.div_duration_f64(self.bare.cpu)
    }

    fn memory_ratio(&self) -> f64 {
        self.stack.peak_memory as f64 / self.bare.peak_memory as f64
    }

    fn wall_ratio(&self, side: Measurement) -> f64 {
        side.wall.div_duration_f64(self.ideal)
    }
}

/// Returns the comparisons as a table for people.
pub(super) fn table(load: Load, repeats: usize, comparisons: &[Comparison]) -> String {
    let mut table = format!(
        "{} calls, {} in flight, median of {repeats} runs\n\n\
         latency  side       CPU/call  peak memory       wall  wall/ideal\n",
        load.calls, load.in_flight
    );
    for comparison in comparisons {
        for (side, name) in [(comparison.bare, "bare"), (comparison.stack, "stack")] {
            table.push_str(&row(comparison, side, name, load));
        }
        let _ = writeln!(
            table,
            "         ratio    {:>9.2}x {:>11.2}x {:>9.2}x",
            comparison.cpu_ratio(),
            comparison.memory_ratio(),
            comparison.stack.wall.div_duration_f64(comparison.bare.wall),
        );
    }
    table.push('\n');
    for comparison in comparisons {
        table.push_str(&goals(comparison));
    }
    table
}

fn row(comparison: &Comparison, side: Measurement, name: &str, load: Load) -> String {
    format!(
        "{:>4} ms  {name:<6} {:>9.1} µs {:>8.1} MiB {:>8.2} s {:>11.3}\n",
        comparison.latency_ms,
        cpu_per_call(side, load),
        side.peak_memory as f64 / f64::from(1 << 20),
        side.wall.as_secs_f64(),
        comparison.wall_ratio(side),
    )
}

fn goals(comparison: &Comparison) -> String {
    let line = |what: &str, ratio: f64, goal: f64| {
        let word = if ratio <= goal { "met" } else { "MISSED" };
        let latency = comparison.latency_ms;
        format!("at {latency} ms, {what}: {ratio:.2}x, goal {goal}x: {word}\n")
    };
    let cpu = line("CPU of the bare loop", comparison.cpu_ratio(), CPU_GOAL);
    if comparison.latency_ms == 0 {
        return cpu;
    }
    cpu + &line(
        "ideal wall time",
        comparison.wall_ratio(comparison.stack),
        WALL_GOAL,
    )
}

fn cpu_per_call(side: Measurement, load: Load) -> f64 {
    side.cpu.as_secs_f64() * 1e6 / load.calls.get() as f64
}

#[cfg(test)]
mod tests;
