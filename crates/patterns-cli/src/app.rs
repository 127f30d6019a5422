//! From the command line to the exit code.

use std::borrow::Cow;
use std::env;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Command, Common, Given, hinted, parse};
use crate::commands;
use crate::config;
use crate::descriptors;
use crate::error::{Error, ErrorKind};
use crate::escape::escape;
use crate::exit_code;
use crate::isolation::read_document;
use crate::terminal::{ColorChoice, Log, Terminal, write_stdout};

/// The variable that turns on a log on standard error.
const LOG_VARIABLE: &str = "PATTERNS_LOG";

/// Runs the command.
pub(crate) fn main() -> ExitCode {
    let (mut cli, given) = match parse(env::args_os()) {
        Ok(parsed) => parsed,
        Err(error) => return ExitCode::from(not_parsed(&hinted(error))),
    };
    if let Command::ReadDocument(args) = &cli.command {
        // Whoever started this sees that the last word is missing.
        return ExitCode::from(u8::from(read_document(args).is_err()));
    }
    escape_panics();
    let terminal = match prepare(&mut cli, &given) {
        Ok(terminal) => terminal,
        Err(error) => {
            terminal(&cli.command).error(&error);
            return ExitCode::from(exit_code::of(error.kind()));
        }
    };
    descriptors::raise();
    match std::panic::catch_unwind(|| run(cli, given, terminal)) {
        Ok(code) => ExitCode::from(code),
        // The panic hook has said where.
        Err(_) => ExitCode::from(exit_code::BUG),
    }
}

/// Starts the log, fills in what is configured, and opens the door to the terminal.
fn prepare(cli: &mut Cli, given: &Given) -> Result<Terminal, Error> {
    start_log()?;
    let warnings = config::fill_options(cli, given)?;
    let terminal = terminal(&cli.command);
    for warning in warnings {
        terminal.labelled_note("warning", &warning);
    }
    Ok(terminal)
}

fn run(cli: Cli, given: Given, terminal: Terminal) -> u8 {
    let runtime = runtime(&cli.command).enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(commands::run(cli.command, given, terminal));
            // What still runs after a signal is not waited for.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Error::new(ErrorKind::Bug, "the runtime cannot start").caused_by(error)),
    };
    match result {
        Ok(()) => exit_code::SUCCESS,
        Err(error) => {
            terminal.error(&error);
            exit_code::of(error.kind())
        }
    }
}

/// Returns the runtime that a command runs in. A run is one task; the readers, the store and the signals
/// have threads of their own. With more threads a third of the time went into waking one another. One thread of a
/// worker makes more calls a second than a server hands out.
fn runtime(command: &Command) -> tokio::runtime::Builder {
    match command {
        Command::Simulate(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    }
}

/// Returns the door to the terminal that a command wants.
pub(crate) fn terminal(command: &Command) -> Terminal {
    match command {
        Command::Section(args) => talking(&args.common),
        Command::Vote(args) => talking(&args.common),
        Command::MapReduce(args) => talking(&args.common),
        Command::Runs(args) => Terminal::new(false, args.look.color),
        Command::Show(args) => Terminal::new(false, args.look.color),
        Command::Diff(args) => Terminal::new(false, args.look.color),
        Command::Report(args) => Terminal::new(false, args.color),
        Command::Spans(args) => Terminal::new(false, args.look.color),
        Command::Watch(args) => Terminal::new(false, args.look.color),
        Command::Ctl(args) => Terminal::new(false, args.look.color),
        Command::Store(command) => Terminal::new(false, command.look().color),
        Command::Models(args) => Terminal::new(false, args.color),
        Command::Doctor(args) => Terminal::new(false, args.color),
        Command::Worker(args) => Terminal::new(args.quiet, ColorChoice::Auto),
        Command::Attach(args) => Terminal::new(args.quiet, ColorChoice::Auto),
        Command::Simulate(args) => Terminal::new(args.quiet, ColorChoice::Auto),
        // What they run has a word about it.
        Command::Run(_)
        | Command::Plan(_)
        | Command::Resume(_)
        | Command::Config(_)
        | Command::Schema(_)
        | Command::Completions { .. }
        | Command::ReadDocument(_) => Terminal::new(false, ColorChoice::Auto),
    }
}

fn talking(common: &Common) -> Terminal {
    Terminal::new(common.quiet, common.color)
        .progress(common.progress)
        .plots(common.plots)
}

/// Prints help where it was asked for, and what is wrong with the command line otherwise.
fn not_parsed(error: &clap::Error) -> u8 {
    let text = error.render().to_string();
    if !error.use_stderr() {
        return match write_stdout(text.as_bytes()) {
            Ok(()) => exit_code::SUCCESS,
            Err(error) => exit_code::of(error.kind()),
        };
    }
    match escape(&text) {
        Cow::Borrowed(_) => {
            let _ = error.print();
        }
        // Its colours are control characters too, so what was typed is shown without them.
        Cow::Owned(text) => Terminal::new(false, ColorChoice::Never).note(text.trim_end()),
    }
    exit_code::USAGE
}

/// Panics may quote what is hostile.
fn escape_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let terminal = Terminal::new(false, ColorChoice::Auto);
        terminal.labelled_note("internal error", &panic.to_string().replace('\n', " "));
    }));
}

fn start_log() -> Result<(), Error> {
    let filter = env::var(LOG_VARIABLE).unwrap_or_default();
    if filter.trim().is_empty() {
        return Ok(());
    }
    let filter = log_filter(&filter)?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(|| Log)
        .init();
    Ok(())
}

/// Reads a filter. A lone word that is no level would be the name of a module that is not there.
fn log_filter(text: &str) -> Result<EnvFilter, Error> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let wrong = |why: &str| {
        Error::new(ErrorKind::Usage, format!("{LOG_VARIABLE}={text:?}: {why}"))
            .help("expected off, error, warn, info, debug or trace, or a target as in hyper=debug")
    };
    let is_lone = |it: &&str| !it.contains(['=', '[', ':']);
    let mut lone = text.split(',').map(str::trim).filter(is_lone);
    if let Some(word) = lone.find(|it| !LEVELS.contains(&&*it.to_ascii_lowercase())) {
        return Err(wrong(&format!("{word:?} is no level")));
    }
    EnvFilter::try_new(text).map_err(|error| wrong(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_filter_is_a_level_or_a_target_with_one() {
        for good in [
            "debug",
            "INFO",
            "hyper=debug",
            "warn,patterns_llm=trace",
            "off",
        ] {
            assert!(log_filter(good).is_ok(), "{good}");
        }
        for bad in ["bogus", "debugg", "debug,bogus", "hyper=loud", ""] {
            assert!(log_filter(bad).is_err(), "{bad}");
        }
    }
}
