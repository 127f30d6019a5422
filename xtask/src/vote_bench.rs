//! `cargo xtask vote-bench DIR`: replays recorded votes through the real voting code and prints what
//! each stopping rule costs, and how often it comes out otherwise than asking everybody.

use std::path::PathBuf;

use anyhow::Result;

use crate::bench;

#[cfg(all(feature = "bench", unix))]
mod replay;
#[cfg(all(feature = "bench", unix))]
mod trace;

/// Which votes to replay.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Directory with trace files: JSONL, a question a line, `{"id", "gold", "answers": [...]}`
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// How often the votes of each question are shuffled
    #[arg(long, value_name = "N", default_value_t = 5)]
    shuffles: u64,

    /// Only these lines: even ones are for development, odd ones for testing
    #[arg(long, value_name = "HALF", default_value = "test")]
    half: Half,

    /// A stopping rule, in place of the usual ones; repeat for more
    #[arg(long = "policy", value_name = "POLICY")]
    policies: Vec<String>,
}

/// Which lines are replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Half {
    /// Odd lines, counted from 0
    Test,
    /// Even lines
    Dev,
    /// All of them
    All,
}

/// Replays the votes, in a build that is fit for it.
pub(crate) fn run(args: &Args) -> Result<()> {
    if bench::is_built() {
        return run_here(args);
    }
    bench::build_and_run()
}

#[cfg(all(feature = "bench", unix))]
fn run_here(args: &Args) -> Result<()> {
    replay::run(args)
}

#[cfg(not(all(feature = "bench", unix)))]
fn run_here(_: &Args) -> Result<()> {
    anyhow::bail!("it needs the feature `bench`, and Unix")
}
