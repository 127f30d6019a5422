//! `cargo xtask bench`: what the crates cost, measured.
//!
//! Each thing that is measured runs in a process of its own, so that its CPU time and its memory
//! are its own too. The whole needs the feature `bench` and a release build; a plain xtask starts
//! such a one.

use std::num::NonZeroUsize;

use anyhow::{Result, bail};
use clap::Subcommand;

use crate::cargo::{cargo, run as run_command};

#[cfg(all(feature = "bench", unix))]
mod adapters;
#[cfg(all(feature = "bench", unix))]
mod bare;
#[cfg(all(feature = "bench", unix))]
mod capture;
#[cfg(all(feature = "bench", unix))]
mod child;
#[cfg(all(feature = "bench", unix))]
mod command;
#[cfg(all(feature = "bench", unix))]
mod measure;
#[cfg(all(feature = "bench", unix))]
mod openai;
#[cfg(all(feature = "bench", unix))]
mod overhead;
#[cfg(all(feature = "bench", unix))]
mod part;
#[cfg(all(feature = "bench", unix))]
mod reduce;
#[cfg(all(feature = "bench", unix))]
mod report;
#[cfg(all(feature = "bench", unix))]
mod stack;
#[cfg(all(feature = "bench", unix))]
mod store;
#[cfg(all(feature = "bench", unix))]
mod vote;

#[cfg(all(feature = "bench", unix))]
pub(crate) use measure::peak_memory;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Compare the whole command with a loop over async-openai, against the simulator
    Command(CommandArgs),
    /// Compare our whole stack with a bare reqwest loop, against the simulator
    Overhead(OverheadArgs),
    /// Compare runs that record every call with runs that do not, and do finished ones again
    Store(StoreArgs),
    /// Compare topologies of map-reduce with a tree that has barriers between its levels
    Reduce(ReduceArgs),
    /// Compare calls that workers behind a Restate server make with calls that are made here
    Restate(crate::restate::bench::Args),
    /// Time the decision whether another voter is asked
    Vote(VoteArgs),
    /// One of the processes that a benchmark consists of
    #[command(hide = true)]
    Part(PartArgs),
}

#[derive(Clone, Copy, Debug, clap::Args)]
struct Load {
    /// How many calls each side makes
    #[arg(long, value_name = "N", default_value = "20000")]
    calls: NonZeroUsize,

    /// How many of them are in flight at once
    #[arg(long, value_name = "N", default_value = "256")]
    in_flight: NonZeroUsize,
}

#[derive(Debug, clap::Args)]
struct OverheadArgs {
    #[command(flatten)]
    load: Load,

    /// Compare the adapters with each other instead, by the instructions that `perf` counts, or by CPU time
    /// where it counts none
    #[arg(long)]
    adapters: bool,
}

#[derive(Debug, clap::Args)]
struct CommandArgs {
    /// How many documents are worked on
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    documents: u64,

    /// How many words a document has
    #[arg(long, value_name = "N", default_value_t = 300)]
    words: usize,

    /// How often each side runs
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: u32,

    /// Another build of the command, to compare with
    #[arg(long, value_name = "FILE")]
    old: Option<std::path::PathBuf>,
}

#[derive(Debug, clap::Args)]
struct StoreArgs {
    /// How many calls a run makes
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    calls: u64,

    /// How often each is tried
    #[arg(long, value_name = "N", default_value_t = 2)]
    runs: u32,
}

#[derive(Clone, Copy, Debug, clap::Args)]
struct ReduceArgs {
    /// How many documents are worked on
    #[arg(long, value_name = "N", default_value = "128")]
    documents: NonZeroUsize,

    /// How many calls are in flight at once
    #[arg(long, value_name = "N", default_value = "64")]
    in_flight: NonZeroUsize,

    /// How many answers are combined in one call
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..))]
    fan_in: u32,

    /// Spread of the time of an answer: the sigma of a lognormal distribution
    #[arg(long, value_name = "SIGMA", default_value_t = 1.0)]
    sigma: f64,

    /// How often each is tried, each time with other latencies
    #[arg(long, value_name = "N", default_value_t = 200)]
    runs: u64,
}

#[derive(Clone, Copy, Debug, clap::Args)]
struct VoteArgs {
    /// How many voters an election has
    #[arg(long, value_name = "N", default_value = "40")]
    voters: NonZeroUsize,

    /// How often that is done
    #[arg(long, value_name = "N", default_value_t = 20)]
    elections: u64,
}

#[derive(Debug, clap::Args)]
struct PartArgs {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Make the calls with reqwest alone
    Bare(Client),
    /// Make the calls with our stack
    Stack(Client),
    /// Ask about the rows of a file with async-openai alone
    OpenAi {
        #[arg(long)]
        url: String,
        #[arg(long)]
        rows: std::path::PathBuf,
        #[arg(long)]
        request: std::path::PathBuf,
        #[arg(long)]
        in_flight: usize,
    },
}

#[derive(Debug, clap::Args)]
struct Client {
    #[arg(long)]
    url: String,

    /// Whose protocol is spoken
    #[arg(long, default_value = "compatible")]
    adapter: String,

    #[command(flatten)]
    load: Load,
}

/// Says to the xtask that we build that it is the one to measure.
const IS_BUILT: &str = "XTASK_BENCH";

/// Runs a benchmark, in a build that is fit for it.
pub(crate) fn run(args: Args) -> Result<()> {
    if cfg!(not(unix)) {
        bail!("the benchmarks read CPU time and memory as Unix tells them");
    }
    if let Bench::Restate(args) = &args.bench {
        // It measures processes, and needs nothing of what they are made of.
        return crate::restate::bench::run(args);
    }
    if is_built() {
        return measure_here(args.bench);
    }
    build_and_run()
}

/// Returns whether this is the xtask that measures.
pub(crate) fn is_built() -> bool {
    std::env::var_os(IS_BUILT).is_some()
}

/// Runs the same command in an xtask that is fit to measure.
pub(crate) fn build_and_run() -> Result<()> {
    eprintln!("building for release …");
    let build = [
        "run",
        "--release",
        "--quiet",
        "--package",
        "xtask",
        "--features",
        "bench",
        "--",
    ];
    run_command(
        cargo(build)
            .args(std::env::args_os().skip(1))
            .env(IS_BUILT, "1"),
    )
}

#[cfg(all(feature = "bench", unix))]
fn measure_here(bench: Bench) -> Result<()> {
    match bench {
        Bench::Command(args) => command::run(&args),
        Bench::Overhead(args) if args.adapters => adapters::run(args.load),
        Bench::Overhead(args) => overhead::run(args.load),
        Bench::Restate(args) => crate::restate::bench::run(&args),
        Bench::Store(args) => store::run(&args),
        Bench::Reduce(args) => reduce::run(&args),
        Bench::Vote(args) => vote::run(&args),
        Bench::Part(args) => part::run(args.part),
    }
}

#[cfg(not(all(feature = "bench", unix)))]
fn measure_here(bench: Bench) -> Result<()> {
    bail!("{bench:?} needs the feature `bench`, and {IS_BUILT} must not be set by hand");
}
