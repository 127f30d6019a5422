//! `patterns show`: one recorded run.

mod branch;
mod stages;
mod trace;
mod worth_noting;

use std::time::Duration;

use patterns_core::Counts;
use patterns_store::{RunRecord, Store, StoreError};
use serde_json::{Value, json};

use self::branch::{seconds, show_branch};
use self::stages::Stages;
pub(super) use self::trace::Trace;
use self::trace::unfold_statement;
use self::worth_noting::describe_notes;
use crate::args::{LookFormat, ShowArgs, Which};
use crate::error::{Error, ErrorKind};
use crate::local_time::date;
use crate::recorded_job::RecordedJob;
use crate::report::{Page, cost_of, counted, tokens_of};
use crate::store::{open_to_read, refused};
use crate::terminal::{Terminal, write_shown};

pub(super) fn run(args: &ShowArgs, terminal: Terminal) -> Result<(), Error> {
    let store = open_to_read(&args.look.store)?;
    let run = find(&store, args.run)?;
    if let Some(statement) = &args.trace {
        return unfold_statement(&store, run.id, statement, args.look.output, terminal);
    }
    if let Some(branch) = &args.branch {
        return show_branch(&store, &run, branch, args.look.output, terminal);
    }
    let text = match args.look.output {
        LookFormat::Json => format!("{}\n", in_json(&store, &run, args.limit)?),
        LookFormat::Human => for_people(&store, &run, args.limit, terminal)?,
    };
    write_shown(args.look.output, &text)
}

fn in_json(store: &Store, run: &RunRecord, limit: usize) -> Result<Value, Error> {
    let paid = store.paid(run.id).map_err(refused)?;
    let paid = paid
        .iter()
        .map(|(model, usage)| json!({"model": model, "usage": usage}));
    let notes = store.notes(run.id).map_err(refused)?;
    let notes = notes.iter().map(|(at, event)| {
        let event: Value = serde_json::from_str(event).unwrap_or_default();
        json!({"at": at, "event": event})
    });
    let typed = typed(run);
    Ok(json!({
        "run": run.id,
        "state": state(store, run),
        "started": run.started,
        "ended": run.ended,
        "sessions": run.sessions,
        "lost": run.lost,
        "account": run.account,
        "typed": typed.as_ref().map(typed_json),
        "job": typed.and_then(|it| it.shown_job()),
        "outcome": outcome(run),
        "result": parsed(store.result(run.id).map_err(refused)?.as_deref()),
        "went": Stages::read(store, run, limit)?.json(),
        "paid": paid.collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
    }))
}

fn for_people(
    store: &Store,
    run: &RunRecord,
    limit: usize,
    terminal: Terminal,
) -> Result<String, Error> {
    let mut page = Page::new(terminal.stdout_paint(), &[]);
    let stages = Stages::read(store, run, limit)?;
    describe(&mut page, store, run, stages.is_one())?;
    stages.describe_stages(&mut page);
    describe_notes(&mut page, &store.notes(run.id).map_err(refused)?);
    stages.describe_branches(&mut page, run.id, limit);
    Ok(page.finish())
}

/// Says what a run was for, how it stands and what it came to, each in a row of its own.
fn describe(
    page: &mut Page,
    store: &Store,
    run: &RunRecord,
    has_one_stage: bool,
) -> Result<(), Error> {
    page.heading(&format!("run {}: {}", run.id, state(store, run)));
    let mut row = |name: &str, text: &str| page.paragraph(&format!("  {name:<8}  {text}"));
    if let Some(typed) = typed(run) {
        row("typed", &typed.short_command());
        row("in", &typed.directory.display().to_string());
    }
    row("began", &times(store, run));
    // Where there is one stage, it says the same below.
    if let Some(counts) = ended_counts(run).filter(|_| !has_one_stage) {
        row("branches", &counts.to_string());
    }
    // A session says at its end what it used itself.
    let all = if run.sessions > 1 {
        ", in all sessions"
    } else {
        ""
    };
    if let Some(spent) = run.account {
        let attempts = counted(spent.total().calls, "attempt");
        row("sent", &format!("{attempts}, failed ones included{all}"));
    }
    if run.lost > 0 {
        let text = "attempts were under way at a kill; what they cost is not known";
        row("lost", &format!("{} {text}", run.lost));
    }
    for (model, usage) in store.paid(run.id).map_err(refused)? {
        let (calls, tokens) = (counted(usage.calls, "call"), tokens_of(usage));
        row("paid", &format!("{model}: {calls}{tokens}{all}"));
    }
    if let Some(cost) = cost(run) {
        row("cost", &format!("{cost}{all}"));
    }
    if can_go_on(store, run).map_err(refused)? {
        let text = format!("`patterns resume {}` goes on with it", run.id);
        row("next", &text);
    }
    Ok(())
}

/// Returns whether a run came to no end of its own, and is not under way.
fn can_go_on(store: &Store, run: &RunRecord) -> Result<bool, StoreError> {
    let code = outcome(run).and_then(|it| it.get("exit_code")?.as_u64());
    let is_over = matches!(code, Some(0 | 2 | 3)) || store.is_running(run.id)?;
    Ok(!is_over)
}

/// Says when a run began and how long it took; what was spent is that of all its sessions.
fn times(store: &Store, run: &RunRecord) -> String {
    let mut text = date(run.started);
    let took = duration(store, run);
    if run.sessions > 1 {
        text += &format!(", in {} sessions", run.sessions);
        text += &took.map_or_else(String::new, |it| format!(", of which the last took {it}"));
    } else if let Some(took) = took {
        let so_far = if run.outcome.is_none() { " so far" } else { "" };
        text += &format!(", took {took}{so_far}");
    }
    text
}

/// Returns what a run has cost in all sessions, if that is known and not nothing.
pub(super) fn cost(run: &RunRecord) -> Option<String> {
    let kept = run.account.map(cost_of);
    let kept = kept.or_else(|| Some(outcome(run)?.get("cost")?.as_str()?.to_owned()));
    kept.filter(|it| !it.is_empty())
}

/// Finds a run.
///
/// # Errors
///
/// Returns an error if there is none of that number.
pub(super) fn find(store: &Store, which: Which) -> Result<RunRecord, Error> {
    let (run, message) = match which {
        Which::Number(id) => (store.run(id), format!("there is no run {id}")),
        Which::BeforeLatest(back) => {
            let runs = store.runs(back.saturating_add(1));
            let run = runs.map(|it| it.into_iter().nth(back as usize));
            (run, "there are not so many runs".to_owned())
        }
    };
    run.map_err(refused)?.ok_or_else(|| {
        Error::new(ErrorKind::NoInput, message).help("`patterns runs` lists those there are")
    })
}

/// Returns what was typed to begin a run.
pub(super) fn typed(run: &RunRecord) -> Option<RecordedJob> {
    serde_json::from_str(&run.job).ok()
}

/// Writes what was typed to begin a run.
pub(super) fn typed_json(typed: &RecordedJob) -> Value {
    json!({"arguments": typed.shown_arguments(), "directory": typed.directory})
}

/// Returns how a run ended, if it said so.
pub(super) fn outcome(run: &RunRecord) -> Option<Value> {
    serde_json::from_str(run.outcome.as_deref()?).ok()
}

/// Returns how the branches of a run ended, if it said so.
pub(super) fn ended_counts(run: &RunRecord) -> Option<Counts> {
    serde_json::from_value(outcome(run)?.get("counts")?.clone()).ok()
}

/// Reads what was recorded as JSON.
fn parsed(text: Option<&str>) -> Option<Value> {
    serde_json::from_str(text?).ok()
}

/// Says how long a run took: its last session, or until now if it goes on.
pub(super) fn duration(store: &Store, run: &RunRecord) -> Option<String> {
    if let Some(took) = outcome(run).and_then(|it| it.get("seconds")?.as_f64()) {
        return Duration::try_from_secs_f64(took).ok().map(seconds);
    }
    let is_running = store.is_running(run.id).unwrap_or_default();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let since = now
        .ok()?
        .checked_sub(Duration::from_secs(run.started.unsigned_abs()))?;
    (is_running && run.sessions == 1).then(|| seconds(since))
}

/// Says how a run stands.
pub(super) fn state(store: &Store, run: &RunRecord) -> String {
    let code = outcome(run).and_then(|it| it.get("exit_code")?.as_u64());
    match (code, &run.outcome) {
        (Some(0), _) => "done".to_owned(),
        (Some(3), _) => "done, with failures".to_owned(),
        (Some(2), _) => "refused (exit 2)".to_owned(),
        (Some(code), _) => format!("stopped (exit {code})"),
        (None, Some(_)) => "stopped".to_owned(),
        (None, None) if store.is_running(run.id).unwrap_or_default() => "running".to_owned(),
        (None, None) => "broken off".to_owned(),
    }
}
