//! Kills worker, driver and server in the middle of runs, in turn and in pairs, and goes on with them.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::fleet::{Fleet, LANE, SetUp};
use super::job::Job;
use crate::cargo::{output, printed, started};
use crate::random::Random;
use crate::wait::wait;

/// What is killed at once.
#[derive(Clone, Copy, Debug)]
struct Victims {
    name: &'static str,
    worker: bool,
    driver: bool,
    server: bool,
}

const fn victims(name: &'static str, worker: bool, driver: bool, server: bool) -> Victims {
    Victims {
        name,
        worker,
        driver,
        server,
    }
}

const ALL: [Victims; 6] = [
    victims("worker", true, false, false),
    victims("driver", false, true, false),
    victims("server", false, false, true),
    victims("worker and driver", true, true, false),
    victims("worker and server", true, false, true),
    victims("driver and server", false, true, true),
];

/// How often what is killed, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kills {
    pub(crate) kills: u64,
    /// How many documents a run has.
    pub(crate) documents: u64,
    /// Chooses the moments.
    pub(crate) seed: u64,
}

/// Kills so many times.
pub(super) fn run(args: Kills, folder: &Path) -> Result<()> {
    let mut fleet = Fleet::start(
        folder,
        SetUp::small(&["--latency", "50ms", "--latency-sigma", "0.5"]),
    )?;
    let mut span = Duration::MAX;
    // The first one also finds out that everything is slow at first.
    for name in ["first", "undisturbed"] {
        let job = Job::map_reduce(folder, name, args.documents)?;
        let begun = Instant::now();
        output(&mut fleet.driver(&job, "span.db"))?;
        span = span.min(begun.elapsed());
    }
    let mut random = Random::new(args.seed);
    println!(
        "\n{:<20} {:>8} {:>6} {:>9} {:>7} {:>10} {:>7}",
        "killed", "after", "calls", "repeated", "lost", "identical", "took"
    );
    let mut in_time = 0;
    for number in 0..args.kills {
        let victims = ALL[usize::try_from(number)? % ALL.len()];
        let after = random.below(span);
        let job = Job::map_reduce(folder, &format!("run-{number}"), args.documents)?;
        let begun = Instant::now();
        let Round {
            calls,
            repeated,
            is_in_time,
        } = round(&mut fleet, victims, after, &job, number)
            .with_context(|| format!("{} after {after:?}, round {number}", victims.name))?;
        println!(
            "{:<20} {:>5} ms {calls:>6} {repeated:>9} {:>7} {:>10} {:>5.1} s",
            victims.name,
            after.as_millis(),
            0,
            "yes",
            begun.elapsed().as_secs_f64()
        );
        in_time += u64::from(is_in_time);
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

/// What came of one kill.
struct Round {
    calls: u64,
    /// Calls that were made twice.
    repeated: u64,
    /// Whether the run had not ended by then.
    is_in_time: bool,
}

/// Kills in the middle of one run, and goes on with it.
fn round(
    fleet: &mut Fleet,
    victims: Victims,
    after: Duration,
    job: &Job,
    number: u64,
) -> Result<Round> {
    let (local, store) = (format!("local-{number}.db"), format!("driver-{number}.db"));
    let before = fleet.provider.requests()?;
    let expected = output(&mut fleet.local(job, &local))?;
    let calls = fleet.provider.requests()? - before;
    let before = fleet.provider.requests()?;
    let mut driver = started(fleet.driver(job, &store))?;
    wait(after);
    let is_in_time = driver.try_wait()?.is_none();
    let killed = kill(fleet, victims, &mut driver, usize::try_from(number)? % 2);
    let ended = match (killed, victims.driver) {
        (Ok(()), false) => printed(driver).context("the driver")?,
        (killed, _) => {
            let _ = driver.kill();
            driver.wait()?;
            killed?;
            output(&mut fleet.driver(job, &store))?
        }
    };
    ensure!(
        ended == expected,
        "the result is not that of an undisturbed run"
    );
    fleet.wait_until_idle()?;
    let sent = fleet.provider.requests()? - before;
    ensure!(sent >= calls, "{calls} calls, and {sent} were sent");
    let repeated = sent - calls;
    ensure!(
        repeated <= LANE,
        "{repeated} calls were made twice, and {LANE} in flight at most"
    );
    fleet.check_peak()?;
    Ok(Round {
        calls,
        repeated,
        is_in_time,
    })
}

fn kill(
    fleet: &mut Fleet,
    victims: Victims,
    driver: &mut std::process::Child,
    worker: usize,
) -> Result<()> {
    if victims.server {
        fleet.server.kill()?;
    }
    if victims.worker {
        fleet.kill_worker(worker)?;
    }
    if victims.driver {
        driver.kill()?;
    }
    if victims.server {
        fleet.server.start_again()?;
    }
    if victims.worker {
        fleet.start_worker(worker)?;
    }
    Ok(())
}
