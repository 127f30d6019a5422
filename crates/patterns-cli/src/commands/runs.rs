//! `patterns runs`: what a store has recorded.

use patterns_core::Usage;
use patterns_store::{RunRecord, Store};
use serde_json::{Value, json};

use super::show::{cost, outcome, state, typed, typed_json};
use crate::args::{LookFormat, RunsArgs};
use crate::error::Error;
use crate::local_time::date;
use crate::report::Page;
use crate::store::{open_to_read, refused};
use crate::terminal::{Style, Terminal, write_json};

pub(super) fn run(args: &RunsArgs, terminal: Terminal) -> Result<(), Error> {
    let store = open_to_read(&args.look.store)?;
    let runs = store.runs(args.limit).map_err(refused)?;
    let text = match args.look.output {
        LookFormat::Json => {
            let lines = runs
                .iter()
                .map(|run| Ok(format!("{}\n", line(&store, run)?)));
            lines.collect::<Result<String, Error>>()?
        }
        LookFormat::Human => {
            let mut page = Page::new(terminal.stdout_paint(), &[]);
            for run in &runs {
                entry(&mut page, &store, run)?;
            }
            page.finish()
        }
    };
    if runs.is_empty() {
        terminal.note("no run is recorded yet");
    }
    write_json(&text)
}

fn paid(store: &Store, run: &RunRecord) -> Result<Usage, Error> {
    let paid = store.paid(run.id).map_err(refused)?;
    Ok(paid.into_iter().map(|it| it.1).sum())
}

fn entry(page: &mut Page, store: &Store, run: &RunRecord) -> Result<(), Error> {
    let Usage {
        calls, attempts, ..
    } = paid(store, run)?;
    // The account has failed attempts, too.
    let attempts = run.account.map_or(attempts, |it| it.total().calls);
    let cost = cost(run).map_or_else(String::new, |cost| format!(" · {cost}"));
    let command = typed(run).map_or_else(|| "?".to_owned(), |it| it.command());
    let (id, date, state) = (run.id, date(run.started), state(run));
    page.line(
        Style::Bold,
        &format!("{id:>4}  {date}  {state} · {calls} calls paid · {attempts} attempts{cost}"),
    );
    page.line(Style::Dim, &format!("      {command}"));
    Ok(())
}

fn line(store: &Store, run: &RunRecord) -> Result<Value, Error> {
    Ok(json!({
        "id": run.id,
        "started": run.started,
        "ended": run.ended,
        "state": state(run),
        "sessions": run.sessions,
        "typed": typed(run).as_ref().map(typed_json),
        "outcome": outcome(run),
        "paid": paid(store, run)?,
        "account": run.account,
    }))
}
