//! Kills worker, driver and server in the middle of runs, in turn and in pairs, and goes on with them.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::fleet::{Fleet, LANE, SetUp};
use crate::cargo::{output, printed, started};
use crate::job::Job;
use crate::kills::{self, Killed, Kills};
use crate::wait::wait;

/// What is killed at once.
#[derive(Clone, Copy, Debug)]
struct Victims {
    worker: bool,
    driver: bool,
    server: bool,
}

const fn victims(worker: bool, driver: bool, server: bool) -> Victims {
    Victims {
        worker,
        driver,
        server,
    }
}

const ALL: [(&str, Victims); 6] = [
    ("worker", victims(true, false, false)),
    ("driver", victims(false, true, false)),
    ("server", victims(false, false, true)),
    ("worker and driver", victims(true, true, false)),
    ("worker and server", victims(true, false, true)),
    ("driver and server", victims(false, true, true)),
];

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
    kills::each(args, span, folder, &ALL, |victims, after, job, number| {
        round(&mut fleet, victims, after, job, number)
    })
}

/// Kills in the middle of one run, and goes on with it.
fn round(
    fleet: &mut Fleet,
    victims: Victims,
    after: Duration,
    job: &Job,
    number: u64,
) -> Result<Killed> {
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
    fleet.check_peak()?;
    Killed::new(calls, sent, LANE, is_in_time)
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
