//! What a page says of a run beside its calls: out of its job, its account and its result.

use std::time::Duration;

use patterns_core::{Counts, Coverage, Warning, grouped};
use patterns_job::Job;
use patterns_offline::OFFLINE_LABEL;
use patterns_report::{Fact, Report, RunState, Totals};
use patterns_store::{RunRecord, Store};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::show::{cost, ended_counts, outcome, state as state_in_words, typed};
use crate::error::Error;
use crate::local_time::date;
use crate::recorded_job::RecordedJob;
use crate::report::short_time;
use crate::store::refused;

/// A longer result is not shown.
const RESULT: usize = 200_000;

/// What is kept of the result of a run.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Kept {
    value: Option<Box<RawValue>>,
    error: Option<Value>,
    coverage: Option<Coverage>,
    warnings: Vec<Warning>,
    file: Option<String>,
}

/// What is kept of a batch of elections.
#[derive(Debug, Default, Deserialize)]
struct KeptElections {
    elections: Vec<Box<RawValue>>,
    /// How many were not kept.
    #[serde(default)]
    more: u64,
}

/// Returns what a page says of a run.
///
/// # Errors
///
/// Returns an error if the store cannot be read.
pub(super) fn content(
    store: &Store,
    run: &RunRecord,
    totals: Totals,
    no_prompts: bool,
) -> Result<Report, Error> {
    let typed = typed(run);
    let job = typed.as_ref().and_then(RecordedJob::recorded);
    let kept = store.result(run.id).map_err(refused)?;
    let kept: Kept = kept
        .and_then(|it| serde_json::from_str(&it).ok())
        .unwrap_or_default();
    let trace = store.trace(run.id).map_err(refused)?;
    let is_running = store.is_running(run.id).map_err(refused)?;
    let models = store.paid(run.id).map_err(refused)?;
    let is_offline = models.iter().any(|(name, _)| is_offline(name));
    let notes = store.notes(run.id).map_err(refused)?;
    let counts = counts(store, run)?;
    let batch: Option<KeptElections> = trace
        .as_deref()
        .and_then(|it| serde_json::from_str(it).ok());
    let trace = trace.filter(|_| batch.is_none());
    let KeptElections { elections, more } = batch.unwrap_or_default();
    let (elections, result) = divide(kept.value, elections);
    let said = typed.as_ref().filter(|_| !no_prompts);
    let state = run_state(run, is_running);
    let mut report = Report {
        run: run.id.to_string(),
        title: title(run.id, job.as_ref().filter(|_| !no_prompts), said),
        pattern: job
            .as_ref()
            .map_or_else(String::new, |it| pattern(it).to_owned()),
        state,
        state_words: state_in_words(store, run),
        figures: figures(run, totals, counts),
        facts: facts(run, said, &models),
        notice: is_offline.then(|| OFFLINE_LABEL.to_owned()),
        warnings: warnings(kept.warnings, &notes),
        result,
        counts,
        coverage: kept.coverage,
        began: run.started,
        elections: match no_prompts {
            true => elections.iter().filter_map(|it| unasked(it)).collect(),
            false => elections,
        },
        trace: trace.and_then(|it| RawValue::from_string(it).ok()),
        lacks: lacks(job.as_ref(), totals, no_prompts, is_running),
    };
    if let Some(error) = kept.error {
        let message = error.get("message").and_then(Value::as_str);
        report
            .warnings
            .insert(0, message.map_or_else(|| error.to_string(), str::to_owned));
    }
    if let Some(file) = kept.file {
        report.facts.push(Fact::new("Result in", file));
    }
    if more > 0 {
        let text = format!(
            "{} more elections were not kept in the store.",
            grouped(more)
        );
        report.lacks.push(text);
    }
    Ok(report)
}

/// Returns how the branches of a run ended, or have ended so far.
fn counts(store: &Store, run: &RunRecord) -> Result<Option<Counts>, Error> {
    let mut so_far = Counts::default();
    for it in store.branch_counts(run.id, run.sessions).map_err(refused)? {
        so_far.started += it.begun;
        so_far.answered += it.answered;
        so_far.failed += it.failed;
        so_far.cancelled += it.cancelled;
    }
    Ok(ended_counts(run).or(Some(so_far).filter(|it| it.started > 0)))
}

/// Returns whether a model is the offline one, by its provider.
fn is_offline(model: &str) -> bool {
    model.split(':').next() == Some("offline")
}

/// Returns an election without what was asked.
fn unasked(election: &RawValue) -> Option<Box<RawValue>> {
    let mut election: Value = serde_json::from_str(election.get()).ok()?;
    election.as_object_mut()?.shift_remove("question");
    serde_json::value::to_raw_value(&election).ok()
}

/// Divides the value of a run into elections, which have a part of their own, and what is shown of it.
fn divide(
    value: Option<Box<RawValue>>,
    mut elections: Vec<Box<RawValue>>,
) -> (Vec<Box<RawValue>>, Option<Value>) {
    let Some(raw) = value else {
        return (elections, None);
    };
    let value: Value = serde_json::from_str(raw.get()).unwrap_or_default();
    if value.get("ballots").is_some() && value.get("decision").is_some() {
        elections.push(raw);
        return (elections, None);
    }
    let is_shown = !value.is_null() && raw.get().len() <= RESULT;
    (elections, Some(value).filter(|_| is_shown))
}

fn pattern(job: &Job) -> &'static str {
    match job {
        Job::Section(_) => "section",
        Job::Vote(_) => "vote",
        Job::MapReduce(_) => "map-reduce",
    }
}

/// Says what was asked, in one line; where that is not to be said, which run it is.
fn title(run: i64, job: Option<&Job>, typed: Option<&RecordedJob>) -> String {
    let asked = job.and_then(|job| match job {
        Job::Section(job) => Some(job.topic.clone()),
        Job::Vote(job) => {
            let batch = job.batch.as_ref();
            let batch = batch.map(|it| format!("The questions of {}", it.file.display()));
            job.question.clone().or(batch)
        }
        Job::MapReduce(job) => {
            let asked = job
                .map
                .instructions
                .clone()
                .or_else(|| job.model.instructions.clone());
            asked.or_else(|| {
                let files: Vec<String> = job
                    .inputs
                    .iter()
                    .map(|it| it.display().to_string())
                    .collect();
                Some(format!("The documents of {}", files.join(", ")))
            })
        }
    });
    let asked = asked.or_else(|| typed.map(RecordedJob::command));
    asked.unwrap_or_else(|| format!("Run {run}"))
}

fn run_state(run: &RunRecord, is_running: bool) -> RunState {
    let code = outcome(run).and_then(|it| it.get("exit_code")?.as_u64());
    match (code, &run.outcome) {
        _ if is_running => RunState::NotEnded,
        (Some(0), _) => RunState::Done,
        (Some(3), _) => RunState::Lacking,
        (None, None) => RunState::NotEnded,
        _ => RunState::Stopped,
    }
}

fn figures(run: &RunRecord, totals: Totals, counts: Option<Counts>) -> Vec<Fact> {
    let mut figures = Vec::new();
    if let Some(counts) = counts {
        let text = format!(
            "{} of {}",
            grouped(counts.answered),
            grouped(counts.started)
        );
        figures.push(Fact::new("Branches answered", text));
    }
    if totals.calls > 0 {
        figures.push(Fact::new("Calls", grouped(totals.calls)));
    }
    if totals.found > 0 {
        figures.push(Fact::new("From the store", grouped(totals.found)));
    }
    if totals.usage.total_tokens() > 0 {
        figures.push(Fact::new("Tokens", grouped(totals.usage.total_tokens())));
    }
    if let Some(cost) = cost(run) {
        figures.push(Fact::new("Cost", cost));
    }
    if totals.span > 0.0 {
        let took = Duration::from_secs_f64(totals.span / 1_000.0);
        figures.push(Fact::new("Took", short_time(took)));
    }
    figures
}

fn facts(
    run: &RunRecord,
    typed: Option<&RecordedJob>,
    models: &[(String, patterns_core::Usage)],
) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(typed) = typed {
        facts.push(Fact::new("Typed", typed.command()));
        facts.push(Fact::new("In", typed.directory.display().to_string()));
    }
    facts.push(Fact::new("Began", date(run.started)));
    if let Some(ended) = run.ended {
        facts.push(Fact::new("Ended", date(ended)));
    }
    facts.push(Fact::new("Sessions", run.sessions.to_string()));
    if let Some(spent) = run.account {
        let text = format!("{}, failed ones included", grouped(spent.total().calls));
        facts.push(Fact::new("Attempts", text));
    }
    if run.lost > 0 {
        let text = format!("{}; what they cost is not known", run.lost);
        facts.push(Fact::new("Calls under way at a kill", text));
    }
    let names: Vec<&str> = models.iter().map(|it| &*it.0).collect();
    if !names.is_empty() {
        facts.push(Fact::new("Models", names.join(", ")));
    }
    facts
}

/// Returns the warnings of a run, each once: those of its result, and those that were noted before it
/// had one.
fn warnings(of_result: Vec<Warning>, notes: &[(i64, String)]) -> Vec<String> {
    let noted = notes.iter().filter_map(|(_, event)| {
        let event: Value = serde_json::from_str(event).ok()?;
        Some(event.get("warning")?.get("message")?.as_str()?.to_owned())
    });
    let mut warnings: Vec<String> = Vec::new();
    for warning in of_result.into_iter().map(|it| it.message).chain(noted) {
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    warnings
}

/// Says what is not on the page, and why.
fn lacks(job: Option<&Job>, totals: Totals, no_prompts: bool, is_running: bool) -> Vec<String> {
    let mut lacks = Vec::new();
    if is_running {
        lacks.push("The run goes on: the page has what had ended when it was made.".to_owned());
    }
    if totals.calls == 0 {
        lacks.push("How the calls of this run went is not recorded.".to_owned());
    }
    if no_prompts {
        lacks.push("What was asked was left out of this page.".to_owned());
    } else if job.is_some_and(|it| it.store().prompts == Some(false)) {
        lacks.push("What was asked was not kept: store.prompts was off.".to_owned());
    }
    lacks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_offline_provider_is_offline() {
        for (model, expected) in [
            ("offline:rules", true),
            ("offline", true),
            ("offline-box:llama", false),
            ("openai:offline", false),
        ] {
            assert_eq!(is_offline(model), expected, "{model}");
        }
    }

    #[test]
    fn an_election_is_shown_as_one_and_all_else_by_its_shape() {
        let raw = |value: &Value| serde_json::value::to_raw_value(value).ok();
        let election = json!({"decision": "won", "ballots": []});
        let (elections, shown) = divide(raw(&election), Vec::new());
        assert_eq!((elections.len(), shown), (1, None));
        let long = json!("x".repeat(RESULT));
        for (value, is_shown) in [(json!({"n": 1}), true), (json!(null), false), (long, false)] {
            let (elections, shown) = divide(raw(&value), Vec::new());
            let expected = is_shown.then_some(value);
            assert_eq!((elections.len(), shown), (0, expected));
        }
    }

    #[test]
    fn a_warning_is_said_once() {
        let warning = |text: &str| Warning::new("code", text);
        let note = |text: &str| {
            (
                0,
                json!({"event": "warning_raised", "warning": warning(text)}).to_string(),
            )
        };
        let said = warnings(
            vec![warning("a"), warning("b")],
            &[note("b"), note("c"), (0, "{}".to_owned())],
        );
        assert_eq!(said, ["a", "b", "c"]);
    }
}
