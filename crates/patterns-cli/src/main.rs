//! The command `patterns`: sectioning, voting and map-reduce from the terminal.

mod app;
mod args;
mod ballot_spec;
mod commands;
mod connect;
mod descriptors;
mod error;
mod escape;
mod exit_code;
mod input;
mod job;
mod key;
mod output;
mod plan;
mod proxy;
mod record;
mod report;
mod seats;
mod session;
mod sheet;
mod signals;
mod store;
mod target;
mod terminal;
mod trust;
mod vote_options;
mod written;

fn main() -> std::process::ExitCode {
    app::main()
}
