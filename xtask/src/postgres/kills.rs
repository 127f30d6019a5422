//! Kills one of two runs that share a store, the server, or both, and goes on.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Args;
use super::pair::{AT_ONCE, Pair};
use super::server::Server;
use crate::cargo::{output, printed, started};
use crate::random::Random;
use crate::restate::Job;
use crate::wait::wait;

/// What is killed at once.
#[derive(Clone, Copy, Debug)]
enum Victims {
    Run,
    Server,
    Both,
}

const ALL: [Victims; 3] = [Victims::Run, Victims::Server, Victims::Both];

/// Kills so many times.
pub(super) fn run(args: &Args, server: Server, folder: &Path) -> Result<()> {
    let latency = ["--latency", "50ms", "--latency-sigma", "0.5"];
    let mut pair = Pair::start(server, folder, "kills", &latency)?;
    let begun = Instant::now();
    let undisturbed = Job::map_reduce(folder, "undisturbed", args.documents)?;
    output(&mut pair.sharing(&undisturbed, "span.db"))?;
    // Two runs share the work.
    let span = begun.elapsed() / 2;
    let mut random = Random::new(args.seed);
    println!(
        "\n{:<8} {:>8} {:>6} {:>9}",
        "killed", "after", "calls", "repeated"
    );
    let mut in_time = 0;
    for number in 0..args.kills {
        let victims = ALL[usize::try_from(number)? % ALL.len()];
        let after = random.below(span);
        let job = Job::map_reduce(folder, &format!("run-{number}"), args.documents)?;
        let Round {
            calls,
            repeated,
            is_in_time,
        } = round(&mut pair, victims, after, &job, number)
            .with_context(|| format!("{victims:?} after {after:?}, round {number}"))?;
        let name = format!("{victims:?}").to_lowercase();
        println!(
            "{name:<8} {:>5} ms {calls:>6} {repeated:>9}",
            after.as_millis()
        );
        in_time += u64::from(is_in_time);
    }
    println!(
        "{in_time} of {} kills were before the end of the runs",
        args.kills
    );
    ensure!(
        2 * in_time >= args.kills,
        "most kills came too late: they say nothing"
    );
    pair.check_secret()
}

/// What came of one kill.
struct Round {
    calls: u64,
    /// Calls that were made twice.
    repeated: u64,
    /// Whether neither run had ended by then.
    is_in_time: bool,
}

/// Kills in the middle of two runs, and goes on.
fn round(
    pair: &mut Pair,
    victims: Victims,
    after: Duration,
    job: &Job,
    number: u64,
) -> Result<Round> {
    let store = |whose: &str| format!("{whose}-{number}.db");
    let before = pair.provider.requests()?;
    let expected = output(&mut pair.alone(job, &store("alone")))?;
    let calls = pair.provider.requests()? - before;
    let before = pair.provider.requests()?;
    let mut one = started(pair.sharing(job, &store("one")))?;
    let mut other = started(pair.sharing(job, &store("other")))?;
    wait(after);
    let is_in_time = one.try_wait()?.is_none() && other.try_wait()?.is_none();
    if matches!(victims, Victims::Server | Victims::Both) {
        pair.server.kill()?;
    }
    if matches!(victims, Victims::Run | Victims::Both) {
        one.kill()?;
    }
    if matches!(victims, Victims::Server | Victims::Both) {
        pair.server.start_again()?;
    }
    let result = printed(other).context("the other run")?;
    ensure!(
        result == expected,
        "the other run's result is another one: {result}"
    );
    let first = match victims {
        Victims::Server => printed(one).context("the run")?,
        Victims::Run | Victims::Both => {
            one.wait()?;
            output(&mut pair.sharing(job, &store("one")))?
        }
    };
    ensure!(
        first == expected,
        "the result is not that of an undisturbed run"
    );
    pair.provider.wait_until_idle()?;
    let sent = pair.provider.requests()? - before;
    ensure!(sent >= calls, "{calls} calls, and {sent} were sent");
    let repeated = sent - calls;
    let in_flight = 2 * AT_ONCE;
    ensure!(
        repeated <= in_flight,
        "{repeated} calls were made twice, and {in_flight} in flight at most"
    );
    Ok(Round {
        calls,
        repeated,
        is_in_time,
    })
}
