//! What was typed: the command line, before anything is read or checked against the world.

mod attach;
mod config;
mod doctor;
mod given;
mod hint;
mod map_reduce;
mod models;
mod named;
mod part;
mod read_document;
mod reduce;
mod report;
mod run;
mod run_job;
mod schema;
mod section;
mod simulate;
mod source;
mod spans;
mod store;
pub(crate) mod values;
mod vote;
mod worker;

use clap::{Parser, Subcommand};

pub(crate) use patterns_job::Form as Format;

pub(crate) use attach::AttachArgs;
pub(crate) use config::ConfigCommand;
pub(crate) use doctor::DoctorArgs;
#[cfg(test)]
pub(crate) use given::parse_by;
pub(crate) use given::{Given, parse};
pub(crate) use hint::hinted;
pub(crate) use map_reduce::MapReduceArgs;
pub(crate) use models::ModelsArgs;
pub(crate) use part::PartArgs;
pub(crate) use read_document::ReadDocument;
pub(crate) use reduce::ReduceArgs;
pub(crate) use report::ReportArgs;
pub(crate) use run::Common;
pub(crate) use run_job::RunArgs;
pub(crate) use schema::SchemaArgs;
pub(crate) use section::SectionArgs;
pub(crate) use simulate::SimulateArgs;
pub(crate) use source::SourceArgs;
pub(crate) use spans::SpansArgs;
pub(crate) use store::{
    CtlArgs, CtlWhat, DEFAULT_STORE, DiffArgs, LookArgs, LookFormat, PatternName, ResumeArgs,
    RunsArgs, ShowArgs, StoreArgs, StoreCommand, WatchArgs, Which,
};
pub(crate) use values::{Concurrency, Since};
pub(crate) use vote::VoteArgs;
pub(crate) use worker::WorkerArgs;

/// Parallel LLM work with typed answers: sectioning, voting and map-reduce.
#[derive(Debug, Parser)]
#[command(
    name = "patterns",
    version,
    args_override_self = true,
    after_help = "Exit codes: 0 all answered, 2 usage, 3 some branches failed, 4 nothing to do, \
        5 budget reached, 65 bad input or schema, 66 input missing, 69 provider unavailable, 70 bug, \
        73 cannot create output, 74 cannot write, 75 try later, 77 credentials or quota, \
        78 configuration, 130 Ctrl-C, 141 closed pipe, 143 SIGTERM, SIGHUP or SIGQUIT.\n\
        PATTERNS_LOG=debug writes a log to standard error."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How the help of a pattern is laid out.
const EXAMPLES_FIRST: &str =
    "{about}\n\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}";

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write sections on a topic in parallel and merge them
    #[command(before_help = section::EXAMPLES, help_template = EXAMPLES_FIRST, disable_help_flag = true)]
    Section(Box<SectionArgs>),
    /// Put a question to several voters and let a rule decide
    #[command(before_help = vote::EXAMPLES, help_template = EXAMPLES_FIRST, disable_help_flag = true)]
    Vote(Box<VoteArgs>),
    /// Work on every document in parallel and combine the answers
    #[command(before_help = map_reduce::EXAMPLES, after_long_help = map_reduce::DOCUMENTS,
        help_template = EXAMPLES_FIRST, disable_help_flag = true)]
    MapReduce(Box<MapReduceArgs>),
    /// Run a job that is written in a file
    #[command(after_help = run_job::EXAMPLES)]
    Run(RunArgs),
    /// Say what a job would do and cost, and make no call
    #[command(after_help = run_job::PLAN_EXAMPLES)]
    Plan(RunArgs),
    /// List the runs that a store has recorded
    Runs(RunsArgs),
    /// Show how a run went, or what one branch of it was asked and answered
    Show(ShowArgs),
    /// Compare the answers and the costs of two runs
    Diff(DiffArgs),
    /// Make one HTML page of a run, with its timeline, prompts and answers
    #[command(after_help = report::EXAMPLES)]
    Report(ReportArgs),
    /// Send a run to a collector of OpenTelemetry, as spans
    #[command(after_help = spans::EXAMPLES)]
    Spans(SpansArgs),
    /// Follow a run that is under way elsewhere, until it has ended
    Watch(WatchArgs),
    /// Change a run that is under way elsewhere: pause, resume, concurrency N, stop
    Ctl(CtlArgs),
    /// Go on with a run, or do it again: nothing that is recorded is paid for twice
    Resume(ResumeArgs),
    /// Look after a store
    #[command(subcommand)]
    Store(StoreCommand),
    /// Print the JSON Schema that a line such as 'name, age int, ok yes|no' stands for
    #[command(after_help = schema::EXAMPLES)]
    Schema(SchemaArgs),
    /// List the models that are known: what they read, what they cost, what they take
    #[command(after_help = models::EXAMPLES)]
    Models(ModelsArgs),
    /// Check keys, servers, answer formats, store and configuration, and say what to do
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(DoctorArgs),
    /// Say what is set in files and variables, and what can be
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Serve a simulated OpenAI-compatible provider on this machine, to rehearse with
    #[command(after_help = simulate::EXAMPLES)]
    Simulate(SimulateArgs),
    /// Make calls for runs elsewhere, which a Restate server hands out
    #[command(after_help = worker::EXAMPLES)]
    Worker(WorkerArgs),
    /// Wait for a run that was handed over with --detach, and print its result
    #[command(after_help = attach::EXAMPLES)]
    Attach(AttachArgs),
    /// Read a file in a process of its own; `patterns` starts it itself
    #[command(hide = true)]
    ReadDocument(ReadDocument),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}
