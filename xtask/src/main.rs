//! The chores of the workspace, as one command: `cargo xtask help`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a tool for the people who work on this tree: it has no output but the terminal, and is no library"
)]

mod api;
mod bench;
mod binary;
mod browser;
mod cargo;
mod ci;
mod crash;
mod demo;
mod example_jobs;
mod example_list;
mod faults;
#[cfg(all(feature = "bench", unix))]
mod in_memory;
mod job;
mod kept_folder;
mod kills;
mod models;
mod postgres;
mod provider;
mod random;
mod real;
mod record;
mod reference;
mod restate;
mod schema;
mod soak;
mod stats;
mod test;
mod tidy;
mod vote_bench;
mod wait;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run all tests, those in the documentation included
    Test(test::Args),
    /// Run every check that a change must pass
    Ci(ci::Args),
    /// List the public names of the libraries in `api/`
    Api(api::Args),
    /// Write the JSON Schemas of what users write to `schema/`
    Schema(schema::Args),
    /// Check the rules of the tree that no compiler knows
    Tidy,
    /// Run the examples, or one of them
    Demo(demo::Args),
    /// Record the calls of the examples, which their tests replay
    Record(record::Args),
    /// Write the reference of the configuration, and its schema
    Reference,
    /// Open reports in a browser and do with them what a reader would do
    Browser(browser::Args),
    /// Measure
    Bench(bench::Args),
    /// Live through bad days of a provider, in simulated time
    Soak(soak::Args),
    /// Make the table of known models anew, out of a package of the Python registry
    Models(models::Args),
    /// Count lines, files, public names and options
    Stats,
    /// Replay recorded votes under every stopping rule
    VoteBench(vote_bench::Args),
    /// Kill runs at random moments, go on with them, and look what was lost or paid for twice
    Crash(crash::Args),
    /// Make every file operation of a run fail, and look whether it can be gone on with
    Faults(faults::Args),
    /// Run past one process: workers, a Restate server, and a bad link between them
    Restate(restate::Args),
    /// Run with a store that is shared, on a Postgres server, and kill all of them
    Postgres(postgres::Args),
    /// Run against servers and programs that other people wrote
    Real(real::Args),
}

fn main() -> ExitCode {
    let result = match Args::parse().task {
        Task::Test(args) => test::run(&args),
        Task::Ci(args) => ci::run(&args),
        Task::Api(args) => api::run(&args),
        Task::Schema(args) => schema::run(&args),
        Task::Tidy => tidy::run(),
        Task::Demo(args) => demo::run(&args),
        Task::Record(args) => record::run(&args),
        Task::Reference => reference::run(),
        Task::Browser(args) => browser::run(&args),
        Task::Bench(args) => bench::run(args),
        Task::Soak(args) => soak::run(&args),
        Task::Models(args) => models::run(&args),
        Task::Stats => stats::run(),
        Task::VoteBench(args) => vote_bench::run(&args),
        Task::Crash(args) => crash::run(&args),
        Task::Faults(args) => faults::run(&args),
        Task::Restate(args) => restate::run(&args),
        Task::Postgres(args) => postgres::run(&args),
        Task::Real(args) => real::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(cargo::exit_code(&error))
        }
    }
}
