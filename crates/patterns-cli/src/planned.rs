//! Keeps what a run is planned to come to, and what came of it.

use patterns_core::{Money, Spent, Usage};
use patterns_job::{CameTo, PlanTotal};

use crate::error::Error;
use crate::record::Record;
use crate::report::{Observers, beside_plan};
use crate::store::refused;

/// Keeps the plan of the run, if it was made just now; else lets progress go by the latest one that no run has
/// come of yet.
///
/// # Errors
///
/// Returns an error if that cannot be recorded.
pub(crate) async fn keep(
    record: &Record,
    planned: Option<&PlanTotal>,
    observers: &Observers,
) -> Result<(), Error> {
    if let Some(planned) = planned {
        if record.run.is_some() {
            let plan = serde_json::to_string(planned).unwrap_or_default();
            let kept = record.store.keep_plan(record.identity, plan);
            kept.await.map_err(refused)?;
        }
        return Ok(());
    }
    let kept = record.store.planned(&record.identity).map_err(refused)?;
    let plan = kept.filter(|it| it.actual.is_none());
    if let Some(plan) = plan.and_then(|it| serde_json::from_str(&it.plan).ok()) {
        observers.planned(&plan);
    }
    Ok(())
}

/// Keeps what came of a planned run, and returns a line that sets it beside the plan. It is told what this
/// session `used` and `found` in the store, and what all sessions have `spent`.
///
/// A plan is compared once: the same typed again costs nothing, which nobody planned. If something failed, the
/// line is said, and nothing is kept until the rest is there.
///
/// # Errors
///
/// Returns an error if that cannot be recorded.
pub(crate) async fn compare(
    record: &Record,
    used: (Usage, Option<Money>),
    found: u64,
    (spent, is_whole): (Spent, bool),
) -> Result<Option<String>, Error> {
    let Some(run) = &record.run else {
        return Ok(None);
    };
    let planned = record.store.planned(&record.identity).map_err(refused)?;
    let Some(planned) = planned.filter(|it| it.actual.is_none()) else {
        return Ok(None);
    };
    let Ok(plan) = serde_json::from_str::<PlanTotal>(&planned.plan) else {
        return Ok(None);
    };
    // A plan from before the first session is of all that was done since.
    let is_of_all = run.sessions > 1 && planned.at <= run.started;
    let (usage, cost) = match is_of_all {
        true => (paid(record, run.id)?, spent.committed.cost),
        false => used,
    };
    let found_since = match is_of_all {
        true => 0,
        false => found.saturating_sub(plan.found),
    };
    let came_to = CameTo {
        calls: usage.calls,
        read: usage.input_tokens,
        written: usage.output_tokens,
        cost,
        found_since,
    };
    if is_whole {
        let actual = serde_json::to_string(&came_to).unwrap_or_default();
        let kept = record.store.end_plan(record.identity, actual);
        kept.await.map_err(refused)?;
    }
    // That nothing was to do is said by the account.
    let has_calls = plan.calls.likely > 0 || came_to.calls > 0;
    Ok(has_calls.then(|| beside_plan(&plan, &came_to)))
}

/// Returns what a run has paid for in all its sessions.
fn paid(record: &Record, run: i64) -> Result<Usage, Error> {
    let paid = record.store.paid(run).map_err(refused)?;
    Ok(paid
        .into_iter()
        .fold(Usage::default(), |sum, it| sum + it.1))
}
