//! `cargo xtask bench overhead`: our whole stack against a bare reqwest loop.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::Load;
use super::child::{client, provider};
use super::measure::Measurement;
use super::report::{Comparison, table};
use crate::binary::build_for_release;

const LATENCIES_MS: [u64; 2] = [0, 100];

/// How often each side runs; the sides take turns, and the median counts.
const REPEATS: usize = 3;

/// Measures and prints.
pub(super) fn run(load: Load) -> Result<()> {
    let patterns = build_for_release(&[])?;
    let comparisons: Result<Vec<Comparison>> = LATENCIES_MS
        .iter()
        .map(|&latency_ms| compare(&patterns, latency_ms, load))
        .collect();
    print!("{}", table(load, REPEATS, &comparisons?));
    Ok(())
}

fn compare(patterns: &Path, latency_ms: u64, load: Load) -> Result<Comparison> {
    let provider = provider(patterns, latency_ms)?;
    let (mut bare, mut stack) = (Vec::new(), Vec::new());
    for repeat in 1..=REPEATS {
        eprintln!("{latency_ms} ms, {repeat} of {REPEATS} …");
        bare.push(client(&["bare"], &provider.url, load)?);
        stack.push(client(&["stack"], &provider.url, load)?);
    }
    let (bare, stack) = (median(&bare), median(&stack));
    // Without latency there is no ideal but that of the bare loop.
    let rounds = load.calls.get().div_ceil(load.in_flight.get());
    let ideal = match latency_ms {
        0 => bare.wall,
        _ => Duration::from_millis(latency_ms) * u32::try_from(rounds)?,
    };
    Ok(Comparison {
        latency_ms,
        ideal,
        bare,
        stack,
    })
}

/// Returns the median of each figure by itself.
fn median(measurements: &[Measurement]) -> Measurement {
    fn middle<T: Ord + Copy>(figures: impl Iterator<Item = T>) -> Option<T> {
        let mut figures: Vec<T> = figures.collect();
        figures.sort_unstable();
        figures.get(figures.len() / 2).copied()
    }
    let all = || measurements.iter();
    Measurement {
        wall: middle(all().map(|it| it.wall)).unwrap_or_default(),
        cpu: middle(all().map(|it| it.cpu)).unwrap_or_default(),
        peak_memory: middle(all().map(|it| it.peak_memory)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_each_figure_by_itself() {
        let measurement = |wall, cpu, peak_memory| Measurement {
            wall: Duration::from_secs(wall),
            cpu: Duration::from_secs(cpu),
            peak_memory,
        };
        let all = [
            measurement(1, 9, 5),
            measurement(3, 2, 4),
            measurement(2, 8, 6),
        ];
        assert_eq!(median(&all), measurement(2, 8, 5));
    }
}
