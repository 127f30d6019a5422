//! What always holds: each question is paid for once, whoever asks and how often; never more calls at once
//! than the lane allows; what nobody needs any more is not made.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use super::fleet::{Fleet, LANE};
use super::job::Job;
use crate::cargo::output;

/// Documents of a run.
const DOCUMENTS: u64 = 64;

/// Checks it.
pub(super) fn run(folder: &Path) -> Result<()> {
    let fleet = Fleet::start(folder, &["--latency", "300ms"])?;
    let job = Job::map_reduce(folder, "contract", DOCUMENTS)?;
    let local = output(&mut fleet.local(&job, "local.db"))?;
    let calls = fleet.provider.requests()?;
    let before = calls;

    // Two drivers at once, each with a store of its own.
    let mut other = fleet.driver(&job, "other.db");
    let other = other.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let one = output(&mut fleet.driver(&job, "one.db"))?;
    let other = other.wait_with_output()?;
    let sent = fleet.provider.requests()? - before;
    ensure!(one == local, "the result is not that of a local run");
    ensure!(
        other.stdout == local.as_bytes(),
        "the other driver's result is another one"
    );
    ensure!(
        sent == calls,
        "two drivers have {calls} calls, and {sent} were sent"
    );
    println!("same key once: two drivers at once, {calls} calls, {sent} sent");

    for (store, whose) in [("one.db", "its own"), ("third.db", "another")] {
        let again = output(&mut fleet.driver(&job, store))?;
        ensure!(
            again == local,
            "the result of a run that is done again is another one"
        );
        let sent = fleet.provider.requests()? - before;
        ensure!(sent == calls, "a second run sent {}", sent - calls);
        println!("a second run with {whose} store: 0 sent");
    }

    let before = fleet.provider.requests()?;
    let outcome = output(
        fleet
            .driver(&Job::vote(300, 200), "vote.db")
            .args(["--output", "json"]),
    )?;
    fleet.wait_until_idle()?;
    let sent = fleet.provider.requests()? - before;
    let outcome: serde_json::Value = serde_json::from_str(&outcome)?;
    let cancelled = outcome["counts"]["cancelled"].as_u64();
    let cancelled = cancelled.with_context(|| format!("it counts what is cancelled: {outcome}"))?;
    // What waits is cancelled; what a worker has begun is made.
    ensure!(
        cancelled > LANE,
        "only {cancelled} ballots were left to be cancelled"
    );
    ensure!(
        sent <= 2 * LANE,
        "{sent} ballots were sent, and it was decided by the first {LANE}"
    );
    let peak = fleet.check_peak()?;
    println!("at most {peak} calls at once, in a lane of {LANE}");
    println!("early stop: {cancelled} ballots were under way or waited, {sent} were sent in all");
    Ok(())
}
