//! `patterns resume`: types a recorded run again.

use clap::Parser;
use patterns_store::{Durability, Store};

use crate::app;
use crate::args::{Cli, Command, ResumeArgs};
use crate::error::{Error, ErrorKind};
use crate::record::{Typed, refused};

/// Goes on with a run, in the directory where it was begun.
pub(super) async fn run(args: &ResumeArgs) -> Result<(), Error> {
    let typed = find(args).await?;
    let is_piped = typed.arguments.iter().any(|it| it == "-");
    if is_piped && crate::terminal::is_stdin_terminal() {
        let message = format!("run {} read from standard input", args.run);
        return Err(Error::new(ErrorKind::NoInput, message).help(format!(
            "pipe it in again, as in `patterns resume {} < input`",
            args.run
        )));
    }
    std::env::set_current_dir(&typed.directory).map_err(|error| {
        let message = format!("the directory of the run is gone: {error}");
        Error::new(ErrorKind::NoInput, message).help(typed.directory.display().to_string())
    })?;
    let program = std::iter::once("patterns".to_owned());
    let words = program
        .chain(typed.arguments)
        .chain(args.more.iter().cloned());
    let cli = Cli::try_parse_from(words).map_err(|error| {
        let text = error.to_string();
        let lines = text.lines().filter(|line| !line.is_empty());
        let message = "the run cannot be done again with these options";
        Error::new(ErrorKind::Usage, message).details(lines.map(str::to_owned))
    })?;
    match cli.command {
        Command::Section(_) | Command::Vote(_) | Command::MapReduce(_) => {
            let terminal = app::terminal(&cli.command);
            super::run(cli.command, terminal).await
        }
        _ => Err(Error::new(
            ErrorKind::BadData,
            "the record is not one of a run",
        )),
    }
}

async fn find(args: &ResumeArgs) -> Result<Typed, Error> {
    super::store::must_exist(&args.store)?;
    let store = Store::open(&args.store, Durability::Power).map_err(refused)?;
    let run = super::show::find(&store, args.run)?;
    // It is gone on with under its number, even if it had come to its end.
    store.reopen_run(run.id).await.map_err(refused)?;
    serde_json::from_str(&run.job).map_err(|error| {
        let message = format!("the record of run {} cannot be read", args.run);
        Error::new(ErrorKind::BadData, message).caused_by(error)
    })
}
