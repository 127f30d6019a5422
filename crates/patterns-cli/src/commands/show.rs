//! `patterns show`: one recorded run.

use patterns_store::{Durability, RunRecord, Store};
use serde_json::{Value, json};

use super::store::must_exist;
use super::trace;
use crate::args::{LookFormat, ShowArgs};
use crate::error::{Error, ErrorKind};
use crate::record::{Typed, refused};
use crate::report::Page;
use crate::terminal::{Style, Terminal, write_stdout};

pub(super) fn run(args: &ShowArgs, terminal: Terminal) -> Result<(), Error> {
    must_exist(&args.look.store)?;
    let store = Store::open(&args.look.store, Durability::Power).map_err(refused)?;
    let run = find(&store, args.run)?;
    if let Some(statement) = &args.trace {
        return trace::run(&store, run.id, statement, args.look.output, terminal);
    }
    let paid = store.paid(run.id).map_err(refused)?;
    let notes = store.notes(run.id).map_err(refused)?;
    let text = match args.look.output {
        LookFormat::Json => {
            let models = paid
                .iter()
                .map(|(model, usage)| json!({"model": model, "usage": usage}));
            let notes = notes.iter().map(|(at, event)| {
                let event: Value = serde_json::from_str(event).unwrap_or_default();
                json!({"at": at, "event": event})
            });
            let value = json!({
                "run": run.id,
                "state": state(&run),
                "started": run.started,
                "ended": run.ended,
                "sessions": run.sessions,
                "lost": run.lost,
                "typed": typed(&run),
                "outcome": outcome(&run),
                "paid": models.collect::<Vec<_>>(),
                "notes": notes.collect::<Vec<_>>(),
            });
            format!("{value}\n")
        }
        LookFormat::Human => {
            let mut page = Page::new(terminal.stdout_paint(), None);
            describe(&mut page, &run);
            for (model, usage) in &paid {
                page.paragraph(&format!(
                    "paid: {model}: {} calls · {} attempts · tokens {} in ({} cached), {} out",
                    usage.calls,
                    usage.attempts,
                    usage.input_tokens,
                    usage.cached_input_tokens,
                    usage.output_tokens
                ));
            }
            for (at, event) in &notes {
                page.line(Style::Dim, &format!("{}  {event}", date(*at)));
            }
            page.finish()
        }
    };
    write_stdout(text.as_bytes())
}

fn describe(page: &mut Page, run: &RunRecord) {
    let started = date(run.started);
    page.line(Style::Bold, &format!("run {}: {}", run.id, state(run)));
    page.paragraph(&format!("began: {started} · sessions: {}", run.sessions));
    if let Some(Typed {
        arguments,
        directory,
    }) = typed(run)
    {
        page.paragraph(&format!("in: {}", directory.display()));
        page.paragraph(&format!("typed: patterns {}", arguments.join(" ")));
    }
    if run.lost > 0 {
        let text = "calls under way at a kill, their cost not known";
        page.paragraph(&format!("{text}: {}", run.lost));
    }
    if let Some(outcome) = outcome(run) {
        describe_outcome(page, &outcome);
    }
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
    let cost = outcome.get("cost").and_then(Value::as_str);
    if let Some(cost) = cost.filter(|it| !it.is_empty()) {
        page.paragraph(&format!("cost, all sessions: {cost}"));
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
pub(super) fn find(store: &Store, id: i64) -> Result<RunRecord, Error> {
    let run = store.run(id).map_err(refused)?;
    run.ok_or_else(|| {
        Error::new(ErrorKind::NoInput, format!("there is no run {id}"))
            .help("`patterns runs` lists those there are")
    })
}

/// Returns what was typed to begin a run.
pub(super) fn typed(run: &RunRecord) -> Option<Typed> {
    serde_json::from_str(&run.job).ok()
}

/// Returns how a run ended, if it said so.
pub(super) fn outcome(run: &RunRecord) -> Option<Value> {
    serde_json::from_str(run.outcome.as_deref()?).ok()
}

/// Says how a run stands.
pub(super) fn state(run: &RunRecord) -> String {
    let code = outcome(run).and_then(|it| it.get("exit_code")?.as_u64());
    match (run.ended, code) {
        (Some(_), Some(0)) => "done".to_owned(),
        (Some(_), _) => "done, with failures".to_owned(),
        (None, Some(code)) => format!("stopped (exit {code})"),
        (None, None) => "not ended".to_owned(),
    }
}

/// Writes seconds since 1970 as a date.
pub(super) fn date(seconds: i64) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => seconds.to_string(),
    }
}
