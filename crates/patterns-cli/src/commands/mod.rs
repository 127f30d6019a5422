//! The commands, one per file.

mod completions;
mod config;
mod ctl;
mod diff;
mod doctor;
mod map_reduce;
mod models;
mod plan;
mod report;
mod resume;
mod run;
mod runs;
mod schema;
mod section;
mod show;
mod simulate;
mod spans;
mod store;
mod vote;
mod watch;

use patterns_core::{Branch, Outcome, Pattern};
use patterns_job::Job;
use serde::Serialize;

use self::plan::Limit;
use crate::args::{Command, Common, Format, Given};
use crate::compile::compiled;
use crate::config::Scope;
use crate::error::Error;
use crate::launch::{Around, Launch};
use crate::option_names::Names;
use crate::report::{Page, branch_line, outcome_json, outcome_line};
use crate::session::Session;
use crate::terminal::Terminal;

/// Runs a command.
///
/// # Errors
///
/// Returns an error if anything failed, after what was answered has been written.
pub(crate) async fn run(command: Command, given: Given, terminal: Terminal) -> Result<(), Error> {
    match command {
        Command::Config(command) => config::run(&command, terminal),
        Command::Section(_) | Command::Vote(_) | Command::MapReduce(_) => {
            typed(&command, given, terminal).await
        }
        Command::Run(args) => Box::pin(run::run(&args)).await,
        Command::Plan(args) => Box::pin(run::plan(&args)).await,
        Command::Runs(args) => runs::run(&args, terminal),
        Command::Show(args) => show::run(&args, terminal),
        Command::Diff(args) => diff::run(&args, terminal),
        Command::Report(args) => report::run(&args, terminal),
        Command::Spans(args) => spans::run(&args).await,
        Command::Watch(args) => watch::run(&args, terminal).await,
        Command::Ctl(args) => ctl::run(&args).await,
        Command::Resume(args) => Box::pin(resume::run(&args)).await,
        Command::Schema(args) => schema::run(&args),
        Command::Models(args) => models::run(&args, terminal),
        Command::Doctor(args) => Box::pin(doctor::run(&args, terminal)).await,
        Command::Store(command) => store::run(&command, &given, terminal).await,
        Command::Simulate(args) => simulate::run(&args, terminal).await,
        Command::Worker(args) => Box::pin(crate::restate::work(&args, terminal)).await,
        Command::Attach(args) => Box::pin(crate::restate::attach(&args, terminal)).await,
        Command::Completions { shell } => completions::run(shell),
        // It is over before this.
        Command::ReadDocument(_) => Ok(()),
    }
}

/// Runs the job that was typed, or prints it.
async fn typed(command: &Command, given: Given, terminal: Terminal) -> Result<(), Error> {
    let Some((job, common)) = compiled(command)? else {
        return Ok(());
    };
    let set = common.set();
    let around = Around { given, set };
    let launch = Launch::new(job, Names::Options, around, Scope::Everything, terminal)?;
    start(launch, Task::of(common)).await
}

/// What is done with a job.
#[derive(Clone, Copy, Debug)]
enum Task {
    /// It is printed.
    Print,
    /// What it would do is said.
    Plan,
    /// It is handed over.
    Detach,
    /// It is run, after a question if that is likely to cost more.
    Run(Option<Limit>),
}

impl Task {
    fn of(common: &Common) -> Self {
        let (above, is_confirmed) = (common.confirm_above, common.yes);
        match common {
            _ if common.print_job => Self::Print,
            _ if common.dry_run => Self::Plan,
            _ if common.detach => Self::Detach,
            _ => Self::Run(above.map(|above| Limit {
                above,
                is_confirmed,
            })),
        }
    }
}

/// Runs a job, or says what it is or would do.
async fn start(mut launch: Launch, task: Task) -> Result<(), Error> {
    if let Task::Print = task {
        return launch.print();
    }
    launch.name_in_full();
    match task {
        Task::Plan => return Box::pin(plan::show(&launch)).await,
        Task::Run(Some(limit)) => Box::pin(plan::confirm(&mut launch, limit)).await?,
        Task::Run(None) | Task::Print | Task::Detach => {}
    }
    if let Some(warning) = launch.too_many_calls() {
        launch.terminal.labelled_note("warning", &warning);
    }
    launch.check_output()?;
    if let Task::Detach = task {
        return Box::pin(crate::restate::hand_over(&launch)).await;
    }
    match launch.job.clone() {
        Job::Section(job) => Box::pin(section::run(*job, launch)).await,
        Job::Vote(job) => Box::pin(vote::run(*job, launch)).await,
        Job::MapReduce(job) => Box::pin(map_reduce::run(*job, launch)).await,
    }
}

/// Writes an outcome in the form asked for, `page` being the text for people, and returns what
/// failed in it.
async fn publish<A: Serialize, B: Serialize>(
    mut session: Session,
    pattern: Pattern,
    outcome: &Outcome<A, B>,
    page: impl FnOnce(&mut Page, &Outcome<A, B>),
) -> Result<(), Error> {
    let text = match session.format {
        Format::Json => outcome_json(&session.frame(pattern), outcome),
        Format::Jsonl => {
            let branches: String = outcome.branches.iter().map(branch_line).collect();
            branches + &outcome_line(&session.frame(pattern), outcome)
        }
        Format::Human if has_answer(&outcome.branches) || outcome.value.is_ok() => {
            let paint = session.output.paint(session.terminal);
            let mut it = Page::new(paint, &session.labels());
            page(&mut it, outcome);
            it.finish()
        }
        Format::Human | Format::Csv | Format::Parquet | Format::Sqlite | Format::Html => {
            String::new()
        }
    };
    session.write(Ok(text.into_bytes()));
    session.conclude(outcome).await
}

fn has_answer<B>(branches: &[Branch<B>]) -> bool {
    branches.iter().any(|branch| branch.value().is_some())
}
