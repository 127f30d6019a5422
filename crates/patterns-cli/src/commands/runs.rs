//! `patterns runs`: what a store has recorded.

use std::time::{SystemTime, UNIX_EPOCH};

use patterns_core::Usage;
use patterns_job::Job;
use patterns_store::{RunRecord, Store};
use serde_json::{Value, json};

use super::show::{cost, duration, outcome, state, typed, typed_json};
use crate::args::{LookFormat, PatternName, RunsArgs, Since};
use crate::error::Error;
use crate::local_time::date;
use crate::report::{Page, counted};
use crate::store::{open_to_read, refused};
use crate::terminal::{Style, Terminal, write_shown};

/// So many runs are read together, where not all are listed.
const PAGE: u32 = 256;

pub(super) fn run(args: &RunsArgs, terminal: Terminal) -> Result<(), Error> {
    let store = open_to_read(&args.look.store)?;
    let runs = wanted(&store, args)?;
    let text = match args.look.output {
        LookFormat::Json => {
            let lines = runs
                .iter()
                .map(|(run, found)| Ok(format!("{}\n", line(&store, run, found.as_deref())?)));
            lines.collect::<Result<String, Error>>()?
        }
        LookFormat::Human => {
            let mut page = Page::new(terminal.stdout_paint(), &[]);
            for (run, found) in &runs {
                entry(&mut page, &store, run, found.as_deref())?;
            }
            page.finish()
        }
    };
    if runs.is_empty() {
        let is_any = args.since.is_none() && args.grep.is_none() && args.pattern.is_none();
        terminal.note(match is_any {
            true => "no run is recorded yet",
            false => "no recorded run is like that",
        });
    }
    write_shown(args.look.output, &text)
}

/// Returns the runs that are asked for, the latest first, each with where the words were found.
fn wanted(store: &Store, args: &RunsArgs) -> Result<Vec<(RunRecord, Option<String>)>, Error> {
    let since = args.since.map(begin);
    let words = args.grep.as_ref().map(|it| it.to_lowercase());
    let mut found = Vec::new();
    let mut before = None;
    loop {
        let page = store.runs_before(before, PAGE).map_err(refused)?;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        for run in page {
            if found.len() == args.limit as usize {
                return Ok(found);
            }
            let is_recent = since.is_none_or(|since| run.started >= since);
            let is_pattern = args.pattern.is_none_or(|it| pattern(&run) == Some(it));
            if !is_recent || !is_pattern {
                continue;
            }
            let Some(words) = &words else {
                found.push((run, None));
                continue;
            };
            if let Some(place) = place(store, &run, words)? {
                found.push((run, Some(place)));
            }
        }
    }
    Ok(found)
}

/// Returns the moment since when runs are asked for.
fn begin(since: Since) -> i64 {
    match since {
        Since::Then(then) => then,
        Since::Ago(ago) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let then = now.unwrap_or_default().saturating_sub(ago);
            i64::try_from(then.as_secs()).unwrap_or(i64::MAX)
        }
    }
}

fn pattern(run: &RunRecord) -> Option<PatternName> {
    Some(match typed(run)?.recorded()? {
        Job::Section(_) => PatternName::Section,
        Job::Vote(_) => PatternName::Vote,
        Job::MapReduce(_) => PatternName::MapReduce,
    })
}

/// Says where in a run the words are, in small letters: in what was asked for, in the name of a branch, or
/// in an answer.
fn place(store: &Store, run: &RunRecord, words: &str) -> Result<Option<String>, Error> {
    let has = |text: &str| text.to_lowercase().contains(words);
    if typed(run)
        .is_some_and(|it| has(&it.command()) || it.job.iter().any(|job| in_texts(job, &has)))
    {
        return Ok(Some("what was asked for".to_owned()));
    }
    for branch in store.branches_of(run.id, run.sessions) {
        let branch = branch.map_err(refused)?;
        if has(&branch.label) {
            return Ok(Some(format!("the name of branch #{}", branch.branch)));
        }
    }
    for call in store.calls_of(run.id) {
        let call = call.map_err(refused)?;
        let answer = store.answer(&call).map_err(refused)?;
        if answer.is_some_and(|it| has(&it)) && call.session == run.sessions {
            return Ok(Some(format!("an answer of branch #{}", call.branch)));
        }
    }
    Ok(None)
}

/// Returns whether a text of a JSON value is like that.
fn in_texts(value: &Value, has: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => has(text),
        Value::Array(values) => values.iter().any(|it| in_texts(it, has)),
        Value::Object(fields) => fields.values().any(|it| in_texts(it, has)),
        _ => false,
    }
}

fn paid(store: &Store, run: &RunRecord) -> Result<Usage, Error> {
    let paid = store.paid(run.id).map_err(refused)?;
    Ok(paid.into_iter().map(|it| it.1).sum())
}

fn entry(
    page: &mut Page,
    store: &Store,
    run: &RunRecord,
    found: Option<&str>,
) -> Result<(), Error> {
    let Usage {
        calls, attempts, ..
    } = paid(store, run)?;
    // The account has failed attempts, too.
    let attempts = run.account.map_or(attempts, |it| it.total().calls);
    let and = |it: Option<String>| it.map_or_else(String::new, |it| format!(" · {it}"));
    let took = duration(store, run).map(|took| match run.sessions {
        1 => took,
        sessions => format!("{sessions} sessions, the last {took}"),
    });
    let (cost, took) = (and(cost(run)), and(took));
    let command = typed(run).map_or_else(|| "?".to_owned(), |it| it.short_command());
    let (id, date, state) = (run.id, date(run.started), state(store, run));
    let (calls, attempts) = (counted(calls, "call"), counted(attempts, "attempt"));
    page.line(
        Style::Bold,
        &format!("{id:>4}  {date}  {state} · {calls} paid · {attempts}{cost}{took}"),
    );
    page.line(Style::Dim, &format!("      {command}"));
    if let Some(found) = found {
        page.line(Style::Dim, &format!("      found in {found}"));
    }
    Ok(())
}

fn line(store: &Store, run: &RunRecord, found: Option<&str>) -> Result<Value, Error> {
    let mut line = json!({
        "id": run.id,
        "started": run.started,
        "ended": run.ended,
        "state": state(store, run),
        "sessions": run.sessions,
        "typed": typed(run).as_ref().map(typed_json),
        "outcome": outcome(run),
        "paid": paid(store, run)?,
        "account": run.account,
    });
    if let Some(found) = found {
        line["found_in"] = json!(found);
    }
    Ok(line)
}
