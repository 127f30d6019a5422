//! `patterns show`: one recorded run.

mod branch;
mod stages;
mod trace;

use std::time::Duration;

use patterns_store::{RunRecord, Store};
use serde_json::{Value, json};

use self::branch::{seconds, show_branch};
use self::stages::Stages;
pub(super) use self::trace::Trace;
use self::trace::unfold_statement;
use crate::args::{LookFormat, ShowArgs, Which};
use crate::error::{Error, ErrorKind};
use crate::local_time::date;
use crate::recorded_job::RecordedJob;
use crate::report::{Page, cost_of};
use crate::store::{open_to_read, refused};
use crate::terminal::{Style, Terminal, write_json};

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
    write_json(&text)
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
        "estimate": parsed(run.estimate.as_deref()),
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
    describe(&mut page, store, run);
    for (model, usage) in store.paid(run.id).map_err(refused)? {
        page.paragraph(&format!(
            "paid: {model}: {} calls · {} attempts · tokens {} in ({} cached), {} out",
            usage.calls,
            usage.attempts,
            usage.input_tokens,
            usage.cached_input_tokens,
            usage.output_tokens
        ));
    }
    let notes = store.notes(run.id).map_err(refused)?;
    let events: Vec<_> = notes.iter().filter_map(named).collect();
    if !events.is_empty() {
        page.line(Style::Bold, "worth noting:");
    }
    for line in &events {
        page.line(Style::Dim, &format!("  {line}"));
    }
    Stages::read(store, run, limit)?.describe(&mut page, run.id, limit);
    Ok(page.finish())
}

fn describe(page: &mut Page, store: &Store, run: &RunRecord) {
    let started = date(run.started);
    page.line(
        Style::Bold,
        &format!("run {}: {}", run.id, state(store, run)),
    );
    page.paragraph(&format!("began: {started} · sessions: {}", run.sessions));
    if let Some(typed) = typed(run) {
        page.paragraph(&format!("in: {}", typed.directory.display()));
        page.paragraph(&format!("typed: {}", typed.command()));
    }
    if let Some(spent) = run.account {
        let all = spent.total();
        page.paragraph(&format!(
            "sent, all sessions: {} attempts, failed ones included",
            all.calls
        ));
    }
    if run.lost > 0 {
        let text = "calls under way at a kill, their cost not known";
        page.paragraph(&format!("{text}: {}", run.lost));
    }
    if let Some(cost) = cost(run) {
        page.paragraph(&format!("cost, all sessions: {cost}"));
    }
    if let Some(outcome) = outcome(run) {
        describe_outcome(page, &outcome);
    }
}

/// Returns what a run has cost in all sessions, if that is known and not nothing.
pub(super) fn cost(run: &RunRecord) -> Option<String> {
    let kept = run.account.map(cost_of);
    let kept = kept.or_else(|| Some(outcome(run)?.get("cost")?.as_str()?.to_owned()));
    kept.filter(|it| !it.is_empty())
}

/// Says an event in words: its time, its name, and what it is about.
fn named((at, event): &(i64, String)) -> Option<String> {
    let event: Value = serde_json::from_str(event).ok()?;
    let fields = event.as_object()?;
    let name = fields.get("event")?.as_str()?.replace('_', " ");
    let mut line = format!("{}  {name}", date(*at));
    for (name, value) in fields {
        let text = match (name.as_str(), value) {
            ("event" | "run" | "usage" | "counts" | "pattern", _) | (_, Value::Null) => continue,
            ("warning", it) => it.get("message")?.as_str()?.to_owned(),
            ("origin", it) => format!("branch {}", it.get("branch")?),
            (name, Value::String(text)) => format!("{}: {text}", name.replace('_', " ")),
            (name, it) => format!("{}: {it}", name.replace('_', " ")),
        };
        line.push_str(&format!(" · {text}"));
    }
    Some(line)
}

fn describe_outcome(page: &mut Page, outcome: &Value) {
    if let Some(counts) = outcome.get("counts") {
        let count = |name| counts.get(name).and_then(Value::as_u64).unwrap_or_default();
        page.paragraph(&format!(
            "branches: {} started = {} answered + {} failed + {} cancelled",
            count("started"),
            count("answered"),
            count("failed"),
            count("cancelled")
        ));
    }
    if let Some(seconds) = outcome.get("seconds").and_then(Value::as_f64) {
        page.paragraph(&format!("the last session took: {seconds:.1} s"));
    }
    if let Some(events) = outcome.get("events").and_then(Value::as_object) {
        let events = events.iter().map(|(name, count)| format!("{count} {name}"));
        page.paragraph(&format!(
            "events of the last session: {}",
            events.collect::<Vec<_>>().join(" · ")
        ));
    }
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
        (None, None) => "not ended".to_owned(),
    }
}
