//! `cargo xtask soak`: bad days of a provider, in simulated time, and what becomes of a run on them.

use anyhow::Result;

use crate::bench;

#[cfg(all(feature = "bench", unix))]
mod report;
#[cfg(all(feature = "bench", unix))]
mod run;
#[cfg(all(feature = "bench", unix))]
mod storms;

/// What to try.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this bad day
    #[arg(long, value_name = "NAME")]
    only: Option<String>,

    /// How many documents are worked on
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    calls: usize,

    /// Makes latencies, faults and waits repeatable
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Print what came of it as JSON; each bad day runs in a process of its own and says it so
    #[arg(long, requires = "only")]
    json: bool,
}

/// Runs the bad days, in a build that is fit for it.
pub(crate) fn run(args: &Args) -> Result<()> {
    if bench::is_built() {
        return run_here(args);
    }
    bench::build_and_run()
}

#[cfg(all(feature = "bench", unix))]
fn run_here(args: &Args) -> Result<()> {
    use anyhow::Context;

    if args.json {
        let name = args.only.as_deref().unwrap_or_default();
        let storm = storms::find(name).with_context(|| format!("there is no storm {name:?}"))?;
        let report = run::run(&storm, args.calls, args.seed)?;
        println!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    report::run_all(args.only.as_deref(), args.calls, args.seed)
}

#[cfg(not(all(feature = "bench", unix)))]
fn run_here(_: &Args) -> Result<()> {
    anyhow::bail!("it needs the feature `bench`, and Unix")
}
