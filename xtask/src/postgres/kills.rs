//! Kills one of two runs that share a store, the server, or both, and goes on.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::pair::{AT_ONCE, Pair};
use super::server::Server;
use crate::cargo::{output, printed, started};
use crate::job::Job;
use crate::kills::{self, Killed, Kills};
use crate::wait::wait;

/// What is killed at once.
#[derive(Clone, Copy, Debug)]
enum Victims {
    Run,
    Server,
    Both,
}

const ALL: [(&str, Victims); 3] = [
    ("run", Victims::Run),
    ("server", Victims::Server),
    ("both", Victims::Both),
];

/// Kills so many times.
pub(super) fn run(args: Kills, server: Server, folder: &Path) -> Result<()> {
    let latency = ["--latency", "50ms", "--latency-sigma", "0.5"];
    let mut pair = Pair::start(server, folder, "kills", &latency)?;
    let begun = Instant::now();
    let undisturbed = Job::map_reduce(folder, "undisturbed", args.documents)?;
    output(&mut pair.sharing(&undisturbed, "span.db"))?;
    // Two runs share the work.
    let span = begun.elapsed() / 2;
    kills::each(args, span, folder, &ALL, |victims, after, job, number| {
        round(&mut pair, victims, after, job, number)
    })?;
    pair.check_secret()
}

/// Kills in the middle of two runs, and goes on.
fn round(
    pair: &mut Pair,
    victims: Victims,
    after: Duration,
    job: &Job,
    number: u64,
) -> Result<Killed> {
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
    Killed::new(calls, sent, 2 * AT_ONCE, is_in_time)
}
