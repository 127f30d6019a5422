//! Kills something in the middle of runs again and again, and looks what it costs.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::job::Job;
use crate::random::Random;

/// How often something is killed, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kills {
    pub(crate) kills: u64,
    /// How many documents a run has.
    pub(crate) documents: u64,
    /// Chooses the moments.
    pub(crate) seed: u64,
}

/// What came of one kill.
pub(crate) struct Killed {
    calls: u64,
    /// Calls that were made twice.
    repeated: u64,
    is_in_time: bool,
}

impl Killed {
    /// Compares what was sent with the calls of an undisturbed run, of which so many were in flight at most.
    pub(crate) fn new(calls: u64, sent: u64, in_flight: u64, is_in_time: bool) -> Result<Self> {
        ensure!(sent >= calls, "{calls} calls, and {sent} were sent");
        let repeated = sent - calls;
        ensure!(
            repeated <= in_flight,
            "{repeated} calls were made twice, and {in_flight} in flight at most"
        );
        Ok(Self {
            calls,
            repeated,
            is_in_time,
        })
    }
}

/// Kills so many times: each of the victims in turn, within the time that an undisturbed run takes. `round` kills
/// once, and goes on with a run until its result is that of an undisturbed one.
pub(crate) fn each<V: Copy>(
    args: Kills,
    span: Duration,
    folder: &Path,
    victims: &[(&str, V)],
    mut round: impl FnMut(V, Duration, &Job, u64) -> Result<Killed>,
) -> Result<()> {
    let mut random = Random::new(args.seed);
    println!(
        "\n{:<18} {:>8} {:>6} {:>9} {:>5} {:>10} {:>8}",
        "killed", "after", "calls", "repeated", "lost", "identical", "took"
    );
    let mut in_time = 0;
    for (number, (name, victim)) in (0..args.kills).zip(victims.iter().cycle()) {
        let after = random.below(span);
        let job = Job::map_reduce(folder, &format!("run-{number}"), args.documents)?;
        let begun = Instant::now();
        let killed = round(*victim, after, &job, number)
            .with_context(|| format!("{name} after {after:?}, round {number}"))?;
        println!(
            "{name:<18} {:>5} ms {:>6} {:>9} {:>5} {:>10} {:>6.1} s",
            after.as_millis(),
            killed.calls,
            killed.repeated,
            0,
            "yes",
            begun.elapsed().as_secs_f64()
        );
        in_time += u64::from(killed.is_in_time);
    }
    println!(
        "{in_time} of {} kills were before the end of a run",
        args.kills
    );
    ensure!(
        2 * in_time >= args.kills,
        "most kills came too late: they say nothing"
    );
    Ok(())
}
