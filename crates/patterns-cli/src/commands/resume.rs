//! `patterns resume`: runs the job of a recorded run again, under its own number.

use std::path::{Path, PathBuf};

use patterns_job::Job;
use patterns_store::Store;

use super::run::with_options;
use super::start;
use crate::args::{ResumeArgs, Which};
use crate::config::{Scope, decides_where};
use crate::error::{Error, ErrorKind};
use crate::launch::Launch;
use crate::option_names::Names;
use crate::recorded_job::RecordedJob;
use crate::stakes::{self, stakes};
use crate::store::{open_to_read, refused};
use crate::terminal::{Terminal, is_stdin_terminal};
use crate::trust;

/// Goes on with a run, in the directory where it was begun.
pub(super) async fn run(args: &ResumeArgs) -> Result<(), Error> {
    let (more, trust): (Vec<_>, Vec<_>) = args.more.iter().cloned().partition(|it| it != "--trust");
    let store = open_to_read(&args.store)?;
    let (id, recorded) = find(&store, args.run)?;
    let (mut job, mut more) = with_options(recorded.job()?, &more)?;
    more.around.set.splice(0..0, recorded.set.iter().cloned());
    check_input(id, &job)?;
    let store_path = absolute(&args.store);
    if trust::is_known(&store.id().map_err(refused)?) != Some(true) {
        let is_trusted = args.trust || !trust.is_empty();
        ask(&args.store, &recorded, &job, is_trusted, more.terminal)?;
        trust::remember(&store.id().map_err(refused)?);
    }
    drop(store);
    std::env::set_current_dir(&recorded.directory).map_err(|error| {
        let message = format!("the directory of the run is gone: {error}");
        Error::new(ErrorKind::NoInput, message).help(recorded.directory.display().to_string())
    })?;
    // Wherever the record is, it is that one which is gone on with.
    job.store_mut().file = Some(store_path);
    let names = match recorded.is_typed() {
        true => Names::Options,
        false => Names::Keys,
    };
    // What is configured where the run was begun is part of its job by now.
    let mut launch = Launch::new(job, names, more.around, Scope::Arguments, more.terminal)?;
    launch.resumed = Some(id);
    start(launch, more.task).await
}

/// Finds a run and what is recorded of it.
fn find(store: &Store, which: Which) -> Result<(i64, RecordedJob), Error> {
    let run = super::show::find(store, which)?;
    let recorded = serde_json::from_str(&run.job).map_err(|error| {
        let message = format!("the record of run {} cannot be read", run.id);
        Error::new(ErrorKind::BadData, message)
            .help("type its command again: answers that were recorded are not paid for again")
            .caused_by(error)
    })?;
    Ok((run.id, recorded))
}

fn check_input(id: i64, job: &Job) -> Result<(), Error> {
    let is_piped = job.inputs().iter().any(|it| it.as_os_str() == "-");
    if !is_piped || !is_stdin_terminal() {
        return Ok(());
    }
    let message = format!("run {id} read from standard input");
    Err(Error::new(ErrorKind::NoInput, message).help(format!(
        "pipe it in again, as in `patterns resume {id} < input`"
    )))
}

/// Shows what a record of another origin would do with the user's key and files, and asks. What was
/// typed is no proof of that: somebody else wrote both.
fn ask(
    store: &Path,
    recorded: &RecordedJob,
    job: &Job,
    is_trusted: bool,
    terminal: Terminal,
) -> Result<(), Error> {
    let directory = recorded.directory.display();
    let mut lines = vec![format!("in the directory: {directory}")];
    lines.extend(stakes(job, &recorded.directory));
    let set = recorded.set.iter().flat_map(|it| decides_where(it));
    lines.extend(set.map(|it| format!("it sets where your inputs and keys go: {it}")));
    lines.push(format!("all of the job: {}", stakes::in_a_line(job)));
    let what = format!("{} was not made here", store.display());
    match is_trusted {
        true => Ok(()),
        false => stakes::ask(&what, lines, terminal),
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
