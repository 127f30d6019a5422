//! `patterns watch`: follows a run from another terminal, by what its store has of it.

use std::time::Duration;

use patterns_core::{Event, Spent};
use patterns_store::RunRecord;
use serde_json::{Value, json};

use super::show::{find, state};
use crate::args::{LookFormat, WatchArgs, Which};
use crate::error::Error;
use crate::escape::escape_line;
use crate::report::cost_of;
use crate::steered::Standing;
use crate::store::{open_to_read, refused};
use crate::terminal::{write_json, write_stdout};

/// How often the store is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Follows a run until it has ended: a line whenever something has changed.
pub(super) async fn run(args: &WatchArgs) -> Result<(), Error> {
    let store = open_to_read(&args.look.store)?;
    let id = find(&store, args.run)?.id;
    let mut last = String::new();
    loop {
        let run = find(&store, Which::Number(id))?;
        let notes = store.notes(id).map_err(refused)?;
        let is_under_way = store.is_running(id).map_err(refused)?;
        let steered = Standing::of(&store.asked_of_run(id, run.sessions).map_err(refused)?);
        let steered = Some(steered).filter(|_| is_under_way).unwrap_or_default();
        let stand = state(&store, &run);
        let line = match args.look.output {
            LookFormat::Json => json_line(&run, &notes, &stand, steered),
            LookFormat::Human => {
                human_line(&run, &notes, &stand, is_under_way) + &steered.words() + "\n"
            }
        };
        if line != last {
            match args.look.output {
                LookFormat::Json => write_json(&line)?,
                LookFormat::Human => write_stdout(line.as_bytes())?,
            }
            last = line;
        }
        if !is_under_way {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn human_line(run: &RunRecord, notes: &[(i64, String)], stand: &str, is_under_way: bool) -> String {
    let spent = run.account.unwrap_or_default();
    let mut line = format!("run {}: {stand}", run.id);
    line += &format!(" · {} calls paid", spent.committed.calls);
    if let Some(branches) = branches(notes) {
        line += &format!(" (for {branches} branches)");
    }
    if is_under_way {
        line += &format!(" · {} in flight", spent.reserved.calls);
    }
    let cost = cost_of(spent);
    if !cost.is_empty() {
        line += &format!(" · {cost}");
    }
    if let Some(why) = paused(notes, run).filter(|_| is_under_way) {
        line += &format!(" · {}", escape_line(&why));
    }
    line
}

fn json_line(run: &RunRecord, notes: &[(i64, String)], stand: &str, steered: Standing) -> String {
    let Spent {
        committed,
        reserved,
        possibly_billed,
    } = run.account.unwrap_or_default();
    let line = json!({
        "type": "watch",
        "run": run.id,
        "state": stand,
        "branches": branches(notes),
        "in_flight": reserved.calls,
        "spent": committed,
        "possibly_billed": possibly_billed,
        "paused": paused(notes, run),
        "paused_by_ctl": steered.is_paused,
        "concurrency_by_ctl": steered.concurrency,
    });
    format!("{line}\n")
}

/// Returns how many branches the latest session has, if it said so.
fn branches(notes: &[(i64, String)]) -> Option<u64> {
    let notes = notes.iter().rev();
    let mut events = notes.filter_map(|(_, it)| serde_json::from_str::<Value>(it).ok());
    let begun = events.find(|it| it["event"] == "run_started")?;
    begun["branches"].as_u64()
}

/// Returns why calls were held back, if that is what was noted last.
fn paused(notes: &[(i64, String)], run: &RunRecord) -> Option<String> {
    let (at, last) = notes.last()?;
    match serde_json::from_str(last).ok()? {
        Event::CallsPaused { model, cause, .. } if *at >= run.started => {
            Some(format!("{model} holds calls back: {cause}"))
        }
        _ => None,
    }
}
