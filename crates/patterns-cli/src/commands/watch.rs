//! `patterns watch`: follows a run from another terminal, by what it tells of itself in its store.

use std::time::Duration;

use patterns_core::Spent;
use patterns_store::{RunRecord, Store};
use serde_json::json;

use super::show::{cost, duration, ended_counts, find, state};
use crate::args::{LookFormat, WatchArgs, Which};
use crate::error::Error;
use crate::report::{Drawn, Snapshot, counted, done, progress_line};
use crate::steered::Standing;
use crate::store::{open_to_read, refused};
use crate::terminal::{Terminal, is_stdout_terminal, write_shown};

/// How often the store is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// At how many of these looks people are told a line, where none is drawn: one in so many.
const TELL: u64 = 5;

/// How a run stands at one moment.
struct Stand {
    run: RunRecord,
    state: String,
    is_under_way: bool,
    /// How far it is, or was when it ended.
    progress: Option<Snapshot>,
    /// How long it took, once it has ended.
    took: Option<String>,
    steered: Standing,
}

/// Follows a run until it has ended: on a terminal in lines that change, elsewhere in a line every few seconds.
pub(super) async fn run(args: &WatchArgs, terminal: Terminal) -> Result<(), Error> {
    let store = open_to_read(&args.look.store)?;
    let id = find(&store, args.run)?.id;
    let is_json = matches!(args.look.output, LookFormat::Json);
    let is_drawn = !is_json && is_stdout_terminal() && terminal.is_watched();
    let drawn = is_drawn.then(Drawn::begin);
    for look in 0_u64.. {
        let stand = Stand::of(&store, id)?;
        match (&drawn, &stand.progress) {
            _ if !stand.is_under_way => break,
            (Some(drawn), Some(at)) => drawn.draw(&format!("run {id}: "), at),
            (None, _) if is_json => write_shown(args.look.output, &stand.json_line())?,
            (None, _) if look.is_multiple_of(TELL) => {
                write_shown(args.look.output, &stand.human_line())?;
            }
            _ => {}
        }
        tokio::time::sleep(LOOK).await;
    }
    drawn.into_iter().for_each(Drawn::end);
    let stand = Stand::of(&store, id)?;
    let last = match is_json {
        true => stand.json_line(),
        false => stand.human_line(),
    };
    write_shown(args.look.output, &last)
}

impl Stand {
    fn of(store: &Store, id: i64) -> Result<Self, Error> {
        // In this order: what ends a run is written before it is no longer under way.
        let is_under_way = store.is_running(id).map_err(refused)?;
        let run = find(store, Which::Number(id))?;
        let asked = store.asked_of_run(id, run.sessions).map_err(refused)?;
        let steered = Some(Standing::of(&asked)).filter(|_| is_under_way);
        let progress = store.progress(id, run.sessions).map_err(refused)?;
        Ok(Self {
            state: state(store, &run),
            is_under_way,
            progress: progress.and_then(|it| serde_json::from_str(&it).ok()),
            took: duration(store, &run).filter(|_| !is_under_way),
            steered: steered.unwrap_or_default(),
            run,
        })
    }

    fn human_line(&self) -> String {
        let id = self.run.id;
        let mut parts = vec![format!("run {id}: {}", self.state)];
        match &self.progress {
            Some(at) if self.is_under_way => {
                parts.push(progress_line(at));
                let asked = self.steered.concurrency;
                parts.extend(asked.map(|it| format!("{it} at once by ctl")));
            }
            at => {
                // Of a run that was killed nothing is known but how far it was.
                let done = at.as_ref().map(done);
                parts.extend(ended_counts(&self.run).map(|it| it.to_string()).or(done));
                let spent = self.run.account.unwrap_or_default();
                parts.push(counted(spent.total().calls, "attempt"));
                parts.extend(cost(&self.run));
                parts.extend(self.took.clone());
            }
        }
        parts.join(" · ") + "\n"
    }

    fn json_line(&self) -> String {
        let Spent {
            committed,
            possibly_billed,
            ..
        } = self.run.account.unwrap_or_default();
        // What is not known has no name in it.
        let mut line = json!(self.progress);
        for (name, value) in [
            ("type", json!("watch")),
            ("run", json!(self.run.id)),
            ("state", json!(self.state)),
            ("spent", json!(committed)),
            ("possibly_billed", json!(possibly_billed)),
            ("paused_by_ctl", json!(self.steered.is_paused)),
            ("concurrency_by_ctl", json!(self.steered.concurrency)),
        ] {
            line[name] = value;
        }
        if let Some(line) = line.as_object_mut().filter(|_| !self.is_under_way) {
            // These were true of a moment that is over.
            let moment = ["seconds_left", "paused", "phase"];
            line.retain(|name, _| !moment.contains(&&**name));
        }
        format!("{line}\n")
    }
}
