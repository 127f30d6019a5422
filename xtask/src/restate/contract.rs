//! What always holds: each question is paid for once, whoever asks and how often; never more calls at once
//! than the lane allows; what nobody needs any more is not made.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::fleet::{Fleet, LANE, SetUp};
use super::link::Link;
use super::server::free_port;
use crate::cargo::{output, printed, started};
use crate::job::Job;
use crate::wait::wait;

/// At most so many times the ballots of a run whose calls are made here.
const OF_LOCAL: f64 = 1.3;

/// Votes that are decided early, and the most of them.
const VOTES: u64 = 6;
const MOST_VOTES: u64 = 3 * VOTES;

/// Documents of a run.
const DOCUMENTS: u64 = 64;

/// How long a run is under way over a bad link before nothing gets through any more.
const UNDER_WAY: Duration = Duration::from_secs(2);

/// Checks it.
pub(super) fn run(folder: &Path, silence: Duration) -> Result<()> {
    let mut fleet = Fleet::start(
        folder,
        SetUp::small(&["--latency", "300ms", "--latency-sigma", "0.3"]),
    )?;
    let job = Job::map_reduce(folder, "contract", DOCUMENTS)?;
    let local = output(&mut fleet.local(&job, "local.db"))?;
    let calls = fleet.provider.requests()?;
    let before = calls;

    // Two drivers at once, each with a store of its own.
    let other = started(fleet.driver(&job, "other.db"))?;
    let one = output(&mut fleet.driver(&job, "one.db"))?;
    let other = printed(other).context("the other driver")?;
    let sent = fleet.provider.requests()? - before;
    ensure!(one == local, "the result is not that of a local run");
    ensure!(other == local, "the other driver's result is another one");
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

    for (first, spare) in [(0, LANE), (MOST_VOTES, 200)] {
        early_stop(&fleet, first, spare)?;
    }
    handed_over(&mut fleet, folder)?;
    comes_back(&mut fleet, folder)?;
    bad_link(&mut fleet, folder, silence)?;
    let peak = fleet.check_peak()?;
    println!("at most {peak} calls at once, in a lane of {LANE}");
    Ok(())
}

/// Checks that votes which are decided early have hardly more ballots made than those whose calls are made here.
/// Which ballot is answered first is chance, so it takes some votes to tell, and more where chance was against it.
fn early_stop(fleet: &Fleet, first: u64, spare: u64) -> Result<()> {
    let mut all = Ballots::default();
    let mut votes = 0;
    while votes < MOST_VOTES && (votes == 0 || !all.are_few()) {
        for number in votes..votes + VOTES {
            all.vote(fleet, &Job::vote(first + number, spare))?;
        }
        votes += VOTES;
    }
    let Ballots {
        local,
        sent,
        cancelled,
    } = all;
    ensure!(cancelled > 0, "nothing was left to be cancelled");
    ensure!(
        all.are_few(),
        "{sent} ballots were sent in {votes} votes, and {local} where calls are made here"
    );
    println!(
        "early stop, {spare} spare ballots: {sent} sent in {votes} votes, {local} where calls are made here"
    );
    Ok(())
}

/// What became of the ballots of some votes.
#[derive(Default)]
struct Ballots {
    /// Sent where calls are made here.
    local: u64,
    /// Sent by the workers.
    sent: u64,
    cancelled: u64,
}

impl Ballots {
    /// Holds a vote here and by the workers, and adds what became of its ballots.
    fn vote(&mut self, fleet: &Fleet, vote: &Job) -> Result<()> {
        let before = fleet.provider.requests()?;
        output(&mut fleet.local(vote, "local-vote.db"))?;
        fleet.provider.wait_until_idle()?;
        let between = fleet.provider.requests()?;
        let outcome = output(fleet.driver(vote, "vote.db").args(["--output", "json"]))?;
        fleet.wait_until_idle()?;
        self.local += between - before;
        self.sent += fleet.provider.requests()? - between;
        let outcome: serde_json::Value = serde_json::from_str(&outcome)?;
        let counted = outcome["counts"]["cancelled"].as_u64();
        self.cancelled +=
            counted.with_context(|| format!("it counts what is cancelled: {outcome}"))?;
        Ok(())
    }

    fn are_few(&self) -> bool {
        self.sent as f64 <= OF_LOCAL * self.local as f64
    }
}

/// Checks that a run that is handed over gives what a run here gives, though its workers are killed meanwhile,
/// for each that attaches, and is paid for once.
fn handed_over(fleet: &mut Fleet, folder: &Path) -> Result<()> {
    let job = Job::map_reduce(folder, "handed-over", DOCUMENTS)?;
    let before = fleet.provider.requests()?;
    let local = output(&mut fleet.local(&job, "local-handed-over.db"))?;
    let between = fleet.provider.requests()?;
    let id = output(&mut fleet.handing_over(&job, "handed-over.db"))?;
    for worker in 0..2 {
        fleet.kill_worker(worker)?;
    }
    for worker in 0..2 {
        fleet.start_worker(worker)?;
    }
    for _ in 0..2 {
        let result = output(&mut fleet.attaching(id.trim()))?;
        ensure!(result == local, "attaching gives another result: {result}");
    }
    let (calls, sent) = (between - before, fleet.provider.requests()? - between);
    ensure!(
        (calls..=calls + LANE).contains(&sent),
        "{calls} calls, and {sent} were sent"
    );
    println!(
        "handed over, both workers killed: {calls} calls, {sent} sent, the same for each that attaches"
    );
    Ok(())
}

/// Checks that calls go to workers that come back to where they were, though another one was registered after them
/// elsewhere, and is gone.
fn comes_back(fleet: &mut Fleet, folder: &Path) -> Result<()> {
    for worker in 0..2 {
        fleet.kill_worker(worker)?;
    }
    let port = free_port()?;
    let before = std::mem::replace(&mut fleet.ports[0], (port, port));
    fleet.start_worker(0)?;
    fleet.kill_worker(0)?;
    fleet.ports[0] = before;
    for worker in 0..2 {
        fleet.start_worker(worker)?;
    }
    let job = Job::map_reduce(folder, "comes-back", DOCUMENTS)?;
    let local = output(&mut fleet.local(&job, "local-comes-back.db"))?;
    let result = output(&mut fleet.driver(&job, "comes-back.db"))?;
    ensure!(result == local, "back again gives another result: {result}");
    println!("workers that come back are given calls, whoever came after them");
    Ok(())
}

/// Checks that a link that is slow, loses some of what it carries and all of it for a while, and breaks between
/// driver and server, costs nothing but time.
fn bad_link(fleet: &mut Fleet, folder: &Path, silence: Duration) -> Result<()> {
    let job = Job::map_reduce(folder, "bad-link", DOCUMENTS)?;
    let before = fleet.provider.requests()?;
    let local = output(&mut fleet.local(&job, "local-bad-link.db"))?;
    let between = fleet.provider.requests()?;
    let (to_workers, to_server) = fleet.behind_links()?;
    let mut driver = started(fleet.driver_behind(&to_server, &job, "bad-link.db"))?;
    wait(UNDER_WAY);
    let is_in_time = driver.try_wait()?.is_none();
    Link::cut(&[&to_workers, &to_server], silence);
    let result = printed(driver).context("the driver behind a bad link")?;
    ensure!(is_in_time, "the run had ended before the link was cut");
    ensure!(
        result == local,
        "over a bad link the result is another one: {result}"
    );
    let broken = to_server.broken();
    ensure!(broken > 0, "no connection ever broke");
    fleet.wait_until_idle()?;
    let (calls, sent) = (between - before, fleet.provider.requests()? - between);
    ensure!(sent == calls, "{calls} calls, and {sent} were sent");
    println!(
        "a slow link, {broken} breaks of it, {silence:?} without a word: {calls} calls, {sent} sent, the same result"
    );
    Ok(())
}
