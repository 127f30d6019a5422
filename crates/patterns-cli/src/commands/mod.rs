//! The commands, one per file.

mod completions;
mod map_reduce;
mod panel;
mod reduce;
mod resume;
mod rows;
mod runs;
mod section;
mod show;
mod simulate;
mod statements;
mod store;
mod trace;
mod value_agent;
mod vote;

use patterns_core::{Branch, Outcome, Pattern};
use serde::Serialize;

use crate::args::{Command, Format};
use crate::error::Error;
use crate::report::{Page, branch_line, outcome_json, outcome_line};
use crate::session::Session;
use crate::terminal::Terminal;

/// Runs a command.
///
/// # Errors
///
/// Returns an error if anything failed, after what was answered has been written.
pub(crate) async fn run(command: Command, terminal: Terminal) -> Result<(), Error> {
    match command {
        Command::Section(args) => section::run(&args, terminal).await,
        Command::Vote(args) => vote::run(&args, terminal).await,
        Command::MapReduce(args) => map_reduce::run(&args, terminal).await,
        Command::Runs(args) => runs::run(&args, terminal),
        Command::Show(args) => show::run(&args, terminal),
        Command::Resume(args) => Box::pin(resume::run(&args, terminal)).await,
        Command::Store(command) => store::run(&command, terminal).await,
        Command::Simulate(args) => simulate::run(&args, terminal).await,
        Command::Completions { shell } => completions::run(shell),
        // It is over before this.
        Command::ReadDocument(_) => Ok(()),
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
        Format::Json => outcome_json(pattern, &session.connected, outcome),
        Format::Jsonl => {
            let branches: String = outcome.branches.iter().map(branch_line).collect();
            branches + &outcome_line(pattern, &session.connected, outcome)
        }
        Format::Human if has_answer(&outcome.branches) || outcome.value.is_ok() => {
            let paint = session.output.paint(session.terminal);
            let mut it = Page::new(paint, session.connected.notice);
            page(&mut it, outcome);
            it.finish()
        }
        Format::Human | Format::Csv | Format::Parquet => String::new(),
    };
    session.output.write(&text)?;
    session.conclude(outcome).await
}

fn has_answer<B>(branches: &[Branch<B>]) -> bool {
    branches.iter().any(|branch| branch.value().is_some())
}
