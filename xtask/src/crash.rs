//! `cargo xtask crash`: kills runs at random moments, goes on with them, and looks what was lost or
//! paid for twice.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::binary::{self, lost, patterns, recorded};
use crate::cargo::output;
use crate::job::Job;
use crate::kept_folder::in_folder;
use crate::kills::Kills;
use crate::provider::Provider;
use crate::random::Random;
use crate::restate;
use crate::wait::wait;

/// Ballots for each question.
const VOTERS: u64 = 5;

/// Calls in flight of a run that is killed.
const IN_FLIGHT: u64 = 64;

/// How long the provider thinks.
const LATENCY: [&str; 4] = ["--latency", "20ms", "--latency-sigma", "0.5"];

/// What to do to how many runs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many runs are killed
    #[arg(long, value_name = "N", default_value_t = 200)]
    kills: u64,

    /// How many calls a run makes, about [default: 2000, and 150 on restate]
    #[arg(long, value_name = "N")]
    calls: Option<u64>,

    /// Where calls are made: on restate, worker, driver and server are killed
    #[arg(long, value_enum, default_value = "here")]
    on: On,

    /// Chooses the moments
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Where calls are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum On {
    Here,
    Restate,
}

impl Args {
    /// Returns what every change has to survive.
    pub(crate) fn short(on: On) -> Self {
        Self {
            kills: 20,
            calls: (on == On::Here).then_some(1_000),
            on,
            seed: 1,
        }
    }
}

/// Kills runs and goes on with them.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.on == On::Restate {
        return restate::kill(Kills {
            kills: args.kills,
            documents: args.calls.unwrap_or(150),
            seed: args.seed,
        });
    }
    binary::build()?;
    in_folder("crash", |folder| kill(args, folder))
}

fn kill(args: &Args, folder: &Path) -> Result<()> {
    let calls = args.calls.unwrap_or(2_000);
    let provider = Provider::start(&patterns(), folder, &LATENCY)?;
    println!(
        "{} kills of runs of about {} calls, {IN_FLIGHT} in flight, seed {}\n",
        args.kills, calls, args.seed
    );
    println!(
        "{:<12} {:>6} {:>7} {:>9} {:>6} {:>8} {:>8} {:>8} {:>9} {:>10}",
        "job",
        "calls",
        "kills",
        "too late",
        "lost",
        "repeated",
        "counted",
        "at most",
        "in flight",
        "identical"
    );
    let jobs = [
        ("map-reduce", Job::map_reduce(folder, "documents", calls)?),
        ("vote", Job::elections(folder, calls / VOTERS)?),
    ];
    for (n, (name, job)) in (0..).zip(jobs) {
        let kills = args.kills / 2 + u64::from(n == 0) * (args.kills % 2);
        let mut random = Random::new(args.seed.wrapping_mul(1_000_003) + n);
        let runs = Runs {
            name,
            job,
            provider: &provider,
            folder,
        };
        runs.survive(kills, &mut random)?;
    }
    Ok(())
}

/// Runs of one job.
struct Runs<'a> {
    name: &'static str,
    job: Job,
    provider: &'a Provider,
    folder: &'a Path,
}

/// What an undisturbed run comes to.
struct Undisturbed {
    result: String,
    calls: u64,
}

/// What came of the kills of one job.
#[derive(Debug, Default)]
struct Tally {
    /// Kills of runs that had ended already.
    too_late: u64,
    /// Requests that had been sent before, beyond those that were recorded.
    repeated: u64,
    /// How many of those the runs that go on count as under way at the kill.
    counted: u64,
    /// The most of them after one kill.
    most_repeated: u64,
}

impl Runs<'_> {
    fn survive(&self, kills: u64, random: &mut Random) -> Result<()> {
        let Self { name, folder, .. } = self;
        let before = self.provider.requests()?;
        let begun = Instant::now();
        let result = output(&mut self.command(&folder.join("undisturbed")))?;
        let span = begun.elapsed();
        let calls = self.provider.requests()? - before;
        let undisturbed = Undisturbed { result, calls };
        let mut tally = Tally::default();
        for kill in 0..kills {
            let place = folder.join(format!("{name}-{kill}"));
            self.round(&place, random.below(span), &undisturbed, &mut tally)
                .with_context(|| format!("{name} after kill {kill}"))?;
            fs::remove_dir_all(&place)?;
        }
        println!(
            "{name:<12} {calls:>6} {kills:>7} {:>9} {:>6} {:>8} {:>8} {:>8} {IN_FLIGHT:>9} {:>10}",
            tally.too_late, 0, tally.repeated, tally.counted, tally.most_repeated, "all"
        );
        Ok(())
    }

    /// Kills one run after a while and goes on with it to its end.
    fn round(
        &self,
        place: &Path,
        after: Duration,
        undisturbed: &Undisturbed,
        tally: &mut Tally,
    ) -> Result<()> {
        let calls = undisturbed.calls;
        let start = self.provider.requests()?;
        let mut begun = self.command(place);
        begun.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = begun.spawn()?;
        wait(after);
        let had_ended = child.try_wait()?.is_some();
        child.kill()?;
        child.wait()?;
        self.provider.wait_until_idle()?;
        let sent = self.provider.requests()? - start;
        let recorded = recorded(&place.join("store.db"))?;
        ensure!(
            recorded <= sent,
            "{recorded} calls are recorded, and {sent} were sent"
        );
        let open = sent - recorded;
        ensure!(open <= IN_FLIGHT, "{open} calls were sent and not recorded");
        let ended = output(&mut self.command(place))?;
        let resent = self.provider.requests()? - start - sent;
        ensure!(
            resent == calls - recorded,
            "{recorded} of {calls} calls were recorded, and {resent} were sent afterwards"
        );
        ensure!(
            ended == undisturbed.result,
            "the result is not that of an undisturbed run"
        );
        tally.too_late += u64::from(had_ended);
        let counted = lost(&place.join("store.db"))?;
        ensure!(
            counted <= IN_FLIGHT,
            "{counted} calls are counted as under way"
        );
        tally.counted += counted;
        tally.repeated += open;
        tally.most_repeated = tally.most_repeated.max(open);
        Ok(())
    }

    fn command(&self, place: &Path) -> Command {
        let mut command = Command::new(patterns());
        command
            .args(&self.job.arguments)
            .args(["--model", "compatible:sim", "--base-url"])
            .arg(&self.provider.url)
            .args(["--concurrency", &IN_FLIGHT.to_string(), "--store"])
            .arg(place.join("store.db"))
            .current_dir(self.folder)
            .stdin(Stdio::null());
        command
    }
}
