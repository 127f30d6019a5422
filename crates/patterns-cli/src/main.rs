//! The command `patterns`: sectioning, voting and map-reduce from the terminal.
#![expect(
    clippy::disallowed_methods,
    reason = "a program may do what its libraries may not: read the environment, spawn, exit"
)]

mod addresses;
mod app;
mod args;
mod closed_stdout;
mod commands;
mod compile;
mod config;
mod connect;
mod descriptors;
mod error;
mod escape;
mod exit_code;
mod fold;
mod instructions;
mod isolation;
mod key;
mod launch;
mod local_time;
mod named_model;
mod option_names;
mod output;
mod planned;
mod proxy;
mod record;
mod recorded_job;
mod recorded_models;
mod report;
mod restate;
mod session;
mod shared_store;
mod sheet;
mod signals;
mod stakes;
mod steered;
mod store;
mod store_words;
mod target;
mod terminal;
mod trust;
mod voters_file;
mod wanted;
mod written;

fn main() -> std::process::ExitCode {
    app::main()
}
