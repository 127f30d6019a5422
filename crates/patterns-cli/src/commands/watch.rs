//! `patterns watch`: follows a run from another terminal, by what its store has of it.

use std::time::Duration;

use patterns_core::{Event, Spent, StepRole, grouped};
use patterns_store::{RunRecord, Store};
use serde_json::{Value, json};

use super::show::{find, state};
use crate::args::{LookFormat, WatchArgs, Which};
use crate::error::Error;
use crate::escape::escape_line;
use crate::report::{StageCount, cost_of, counted, of_fan_out};
use crate::steered::Standing;
use crate::store::{open_to_read, refused};
use crate::terminal::write_shown;

/// How often the store is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How a run stands at one moment.
struct Stand {
    run: RunRecord,
    state: String,
    is_under_way: bool,
    /// How many branches the latest session fans out into, if it said so.
    total: Option<u64>,
    /// What has begun and ended in each stage.
    stages: Vec<(StepRole, StageCount)>,
    /// Why calls are held back, if that is what was noted last.
    paused: Option<String>,
    steered: Standing,
}

/// Follows a run until it has ended: a line whenever something has changed.
pub(super) async fn run(args: &WatchArgs) -> Result<(), Error> {
    let store = open_to_read(&args.look.store)?;
    let id = find(&store, args.run)?.id;
    let mut last = String::new();
    loop {
        let stand = Stand::of(&store, id)?;
        let line = match args.look.output {
            LookFormat::Json => stand.json_line(),
            LookFormat::Human => stand.human_line(),
        };
        if line != last {
            write_shown(args.look.output, &line)?;
            last = line;
        }
        if !stand.is_under_way {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl Stand {
    fn of(store: &Store, id: i64) -> Result<Self, Error> {
        // In this order: what ends a run is written before it is no longer under way.
        let is_under_way = store.is_running(id).map_err(refused)?;
        let run = find(store, Which::Number(id))?;
        let notes = store.notes(id).map_err(refused)?;
        let steered = Standing::of(&store.asked_of_run(id, run.sessions).map_err(refused)?);
        let counts = store.branch_counts(id, run.sessions).map_err(refused)?;
        let stages = counts.iter().map(|it| {
            let count = StageCount {
                begun: it.begun,
                ended: it.ended(),
                failed: it.failed,
            };
            (it.role, count)
        });
        Ok(Self {
            state: state(store, &run),
            is_under_way,
            total: branches(&notes),
            stages: stages.collect(),
            paused: paused(&notes, &run),
            steered: Some(steered).filter(|_| is_under_way).unwrap_or_default(),
            run,
        })
    }

    fn human_line(&self) -> String {
        let spent = self.run.account.unwrap_or_default();
        let ended = spent.committed.calls + spent.possibly_billed.calls;
        let mut parts = vec![format!("run {}: {}", self.run.id, self.state)];
        parts.push(self.done());
        if self.stages.len() > 1 {
            let stage = |(role, it): &(StepRole, StageCount)| {
                format!(
                    "{} {}/{}",
                    role.name(),
                    grouped(it.ended),
                    grouped(it.begun)
                )
            };
            let stages: Vec<String> = self.stages.iter().map(stage).collect();
            parts.push(stages.join(", "));
        }
        if self.is_under_way {
            parts.push(format!(
                "{} in flight",
                counted(spent.reserved.calls, "call")
            ));
        }
        parts.push(counted(ended, "attempt"));
        parts.push(cost_of(spent));
        let why = self.paused.as_deref().filter(|_| self.is_under_way);
        parts.push(why.map(escape_line).unwrap_or_default());
        parts.retain(|it| !it.is_empty());
        parts.join(" · ") + &self.steered.words() + "\n"
    }

    /// Says how many branches have ended, of how many, and how many of them failed.
    fn done(&self) -> String {
        let done = of_fan_out(self.stages.iter().copied()).ended;
        let mut text = grouped(done);
        if let Some(total) = self.total {
            text += &format!(" of {}", grouped(total.max(done)));
        }
        text += match self.total.unwrap_or(done) {
            1 => " branch ended",
            _ => " branches ended",
        };
        match self.failed() {
            0 => text,
            failed => text + &format!(", {} failed", grouped(failed)),
        }
    }

    fn failed(&self) -> u64 {
        self.stages.iter().map(|it| it.1.failed).sum()
    }

    fn json_line(&self) -> String {
        let Spent {
            committed,
            reserved,
            possibly_billed,
        } = self.run.account.unwrap_or_default();
        let stages = self.stages.iter().map(|(role, it)| (role.name(), it));
        let line = json!({
            "type": "watch",
            "run": self.run.id,
            "state": self.state,
            "branches": self.total,
            "done": of_fan_out(self.stages.iter().copied()).ended,
            "failed": self.failed(),
            "stages": stages.collect::<Vec<_>>(),
            "in_flight": reserved.calls,
            "spent": committed,
            "possibly_billed": possibly_billed,
            "paused": self.paused,
            "paused_by_ctl": self.steered.is_paused,
            "concurrency_by_ctl": self.steered.concurrency,
        });
        format!("{line}\n")
    }
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
