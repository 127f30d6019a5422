//! `cargo xtask bench restate`: what it costs that calls are made by workers, against calls that are made here,
//! in one run on one machine: provider, server, workers and driver share its cores.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::fleet::{Fleet, SetUp};
use crate::binary;
use crate::job::Job;
use crate::kept_folder::in_folder;
use crate::wait::watched;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many calls a run makes; may be repeated, and memory should not grow
    #[arg(long, value_name = "N", default_values_t = [10_000, 100_000])]
    calls: Vec<u64>,

    /// How many of them are let through at once
    #[arg(long, value_name = "N", default_value_t = 400)]
    lane: u64,

    /// A build of the command [default: the one for release, which is built]
    #[arg(long, value_name = "FILE")]
    patterns: Option<PathBuf>,
}

/// What a run has used.
struct Used {
    wall: Duration,
    memory: u64,
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> Result<()> {
    let patterns = match &args.patterns {
        Some(patterns) => patterns.canonicalize()?,
        None => binary::build_for_release(&["--features", "restate"])?,
    };
    in_folder("bench", |folder| measured(args, patterns, folder))
}

fn measured(args: &Args, patterns: PathBuf, folder: &Path) -> Result<()> {
    let set_up = SetUp {
        patterns,
        provider: vec!["--latency", "50ms"],
        lane: args.lane,
        at_once: args.lane,
        key: None,
    };
    let fleet = Fleet::start(folder, set_up)?;
    println!(
        "calls of 50 ms, 2 workers, {} at once\n\n{:>8}  {:<8} {:>9} {:>9} {:>7}",
        args.lane, "calls", "made", "wall", "calls/s", "memory"
    );
    for calls in &args.calls {
        let job = Job::rows(folder, &format!("rows-{calls}"), *calls)?;
        let here = once(
            &fleet,
            fleet.local(&job, &format!("here-{calls}.db")),
            "here",
        )?;
        show(*calls, "here", &here);
        let there = once(
            &fleet,
            fleet.driver(&job, &format!("there-{calls}.db")),
            "there",
        )?;
        show(*calls, "there", &there);
        let again = once(
            &fleet,
            fleet.driver(&job, &format!("again-{calls}.db")),
            "again",
        )?;
        show(*calls, "again", &again);
        same(folder, "here", "there")?;
        same(folder, "here", "again")?;
    }
    let peak = fleet.check_peak()?;
    println!("\nat most {peak} calls at once");
    Ok(())
}

fn once(fleet: &Fleet, mut run: std::process::Command, name: &str) -> Result<Used> {
    let output = File::create(fleet.folder.join(name))?;
    let begun = Instant::now();
    let mut child = run
        .arg("-q")
        .stdout(output)
        .stderr(Stdio::inherit())
        .spawn()?;
    let (status, memory) = watched(&mut child)?;
    let wall = begun.elapsed();
    ensure!(status.success(), "the run ended with {status}");
    Ok(Used { wall, memory })
}

fn same(folder: &Path, one: &str, other: &str) -> Result<()> {
    let same = fs::read(folder.join(one))? == fs::read(folder.join(other))?;
    ensure!(same, "{one} and {other} have other results");
    Ok(())
}

fn show(calls: u64, made: &str, used: &Used) {
    println!(
        "{calls:>8}  {made:<8} {:>7.2} s {:>9.0} {:>4.0} MB",
        used.wall.as_secs_f64(),
        calls as f64 / used.wall.as_secs_f64(),
        used.memory as f64 / 1e6
    );
}
