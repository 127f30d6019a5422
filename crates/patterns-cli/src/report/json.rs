//! Outcomes as JSON, for programs.

use std::error::Error;
use std::path::Path;

use patterns_core::{
    AgentError, AgentErrorKind, AggregateError, Branch, BranchEnd, BranchId, Budget, Caps, Columns,
    Coverage, Outcome, Pattern, Spend, StepRole, Usage, Warning,
};
use patterns_job::Taken;
use patterns_parallel::voting::BatchElection;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::connect::Connected;
use crate::escape::escape_json;

#[derive(Serialize)]
struct OutcomeJson<'a, B> {
    #[serde(rename = "type")]
    kind: &'static str,
    pattern: Pattern,
    run: String,
    models: &'a [String],
    /// What all answers must be labelled with.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
    /// How much of the input it is of, where that may be not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Taken>,
    value: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branches: Option<Vec<BranchJson<'a, B>>>,
    steps: Vec<BranchJson<'a, ()>>,
    counts: patterns_core::Counts,
    usage: Usage,
    spend: SpendJson,
    warnings: &'a [Warning],
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<&'a Coverage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<&'a Value>,
}

/// A branch. Of runs of many there is one a line, so nothing is copied on the way.
#[derive(Serialize)]
struct BranchJson<'a, B> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    branch: BranchId,
    role: StepRole,
    label: &'a str,
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    columns: Option<&'a Map<String, Value>>,
    end: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    usage: Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a B>,
}

/// What was sent to providers and what it cost, cancelled attempts included. `cost` is null where a
/// price is not known.
#[derive(Serialize)]
struct SpendJson {
    #[serde(flatten)]
    committed: Spend,
    possibly_billed: Spend,
    caps: Caps,
}

/// What an outcome is of, beside what it says itself.
pub(crate) struct Frame<'a> {
    pub(crate) pattern: Pattern,
    pub(crate) connected: &'a Connected,
    pub(crate) taken: Option<Taken>,
    /// What was measured of the result.
    pub(crate) figures: Option<&'a Value>,
}

/// Writes a whole outcome, indented.
pub(crate) fn outcome_json<A: Serialize, B: Serialize>(
    frame: &Frame<'_>,
    outcome: &Outcome<A, B>,
) -> String {
    let branches = outcome.branches.iter();
    let branches = branches.map(|it| branch(it, it.value())).collect();
    let whole = whole(frame, outcome, Some(branches));
    let json = serde_json::to_string_pretty(&whole).unwrap_or_default();
    format!("{}\n", escape_json(&json))
}

/// Writes an outcome without its branches, on one line.
pub(crate) fn outcome_line<A: Serialize, B: Serialize>(
    frame: &Frame<'_>,
    outcome: &Outcome<A, B>,
) -> String {
    line(&whole(frame, outcome, None))
}

/// Writes a branch, on one line.
pub(crate) fn branch_line<B: Serialize>(it: &Branch<B>) -> String {
    line(&BranchJson {
        kind: Some("branch"),
        ..branch(it, it.value())
    })
}

/// Writes an election of a batch, on one line.
pub(crate) fn election_line<V: Serialize>(
    election: &BatchElection<V>,
    gold: Option<(&str, bool)>,
    columns: Option<&Columns>,
) -> String {
    let failed = election.branches.iter().filter_map(|branch| {
        let error = branch.error()?;
        Some(json!({"voter": branch.label, "error": error_json(error)}))
    });
    let failed: Vec<Value> = failed.collect();
    let mut json = json!({"type": "election", "id": election.id});
    if let Some(columns) = columns {
        json["in"] = Value::Object((**columns).clone());
    }
    merge(&mut json, to_value(&election.election));
    if let Some(ballots) = json.get_mut("ballots").and_then(Value::as_array_mut) {
        for (ballot, branch) in ballots.iter_mut().zip(&election.branches) {
            add_reasons(ballot, branch);
        }
    }
    if let Some((gold, is_right)) = gold {
        merge(&mut json, json!({"gold": gold, "right": is_right}));
    }
    if !failed.is_empty() {
        merge(&mut json, json!({"failed": failed}));
    }
    line(&json)
}

/// Adds what a voter has said beside the answer: its reasons, its confidence, and other fields of the
/// user's own ballot.
fn add_reasons<V: Serialize>(ballot: &mut Value, branch: &Branch<V>) {
    let said = branch.value().map(to_value);
    let (Some(Value::Object(said)), Value::Object(ballot)) = (said, ballot) else {
        return;
    };
    let is_whole = ballot.get("answer").and_then(Value::as_str)
        == Some(Value::Object(said.clone()).to_string().as_str());
    for (name, value) in said.into_iter().filter(|_| !is_whole) {
        ballot.entry(name).or_insert(value);
    }
}

fn whole<'a, A: Serialize, B>(
    frame: &Frame<'a>,
    outcome: &'a Outcome<A, B>,
    branches: Option<Vec<BranchJson<'a, B>>>,
) -> OutcomeJson<'a, B> {
    let Frame {
        pattern,
        connected,
        taken,
        figures,
    } = *frame;
    OutcomeJson {
        kind: "outcome",
        pattern,
        run: outcome.run.to_string(),
        models: &connected.names,
        notice: connected.notice,
        input: taken,
        value: outcome.value.as_ref().map_or(Value::Null, to_value),
        error: outcome.value.as_ref().err().map(aggregate_error),
        branches,
        steps: outcome.steps.iter().map(|it| branch(it, None)).collect(),
        counts: outcome.counts,
        usage: outcome.usage,
        spend: spend(&connected.budget),
        warnings: &outcome.warnings,
        coverage: outcome.coverage.as_ref(),
        figures,
    }
}

/// The longest result that is recorded, in bytes; a longer one is where the user wanted it.
const LONGEST: usize = 16 << 20;

/// Writes what came of a run as it is recorded, without its branches, whose answers are recorded
/// anyway.
pub(crate) fn recorded_result<A: Serialize, B>(
    outcome: &Outcome<A, B>,
    file: Option<&Path>,
) -> String {
    let mut result = json!({
        "value": outcome.value.as_ref().map_or(Value::Null, to_value),
        "error": outcome.value.as_ref().err().map(aggregate_error),
        "coverage": outcome.coverage,
        "warnings": outcome.warnings,
        "file": file,
    });
    let mut text = result.to_string();
    if text.len() > LONGEST {
        result["value"] = Value::Null;
        result["bytes"] = json!(text.len());
        text = result.to_string();
    }
    text
}

fn spend(budget: &Budget) -> SpendJson {
    let spent = budget.spent();
    SpendJson {
        committed: spent.committed,
        possibly_billed: spent.possibly_billed,
        caps: budget.caps(),
    }
}

fn aggregate_error(error: &AggregateError) -> Value {
    let cause = error.agent_error().map(error_json);
    json!({"message": error.to_string(), "cause": cause})
}

fn branch<'a, A, B>(branch: &'a Branch<A>, value: Option<&'a B>) -> BranchJson<'a, B> {
    BranchJson {
        kind: None,
        branch: branch.id,
        role: branch.role,
        label: &branch.label,
        columns: branch.columns.as_deref(),
        end: match &branch.end {
            BranchEnd::Answered(_) => "answered",
            BranchEnd::Failed(_) => "failed",
            BranchEnd::Cancelled => "cancelled",
        },
        error: branch.error().map(error_json),
        usage: branch.usage,
        value,
    }
}

fn error_json(error: &AgentError) -> Value {
    let message = match (error.kind(), error.source()) {
        // What a step of code says of itself, it says in its own error.
        (AgentErrorKind::Code, Some(source)) => source.to_string(),
        _ => error.to_string(),
    };
    let mut json = json!({"kind": error.kind().name(), "message": message});
    if let Some(model) = error.model_error() {
        let facts = json!({
            "message": model.to_string(),
            "status": model.status(),
            "code": model.code(),
            "request_id": model.request_id(),
            "detail": model.detail(),
        });
        merge(&mut json, facts);
    }
    if !error.violations().is_empty() {
        merge(&mut json, json!({"violations": error.violations()}));
    }
    json
}

/// Adds the fields of `more`, leaving out what is null.
fn merge(json: &mut Value, more: Value) {
    if let (Value::Object(json), Value::Object(more)) = (json, more) {
        json.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
}

/// An answer that was read from JSON can be written as JSON.
fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn line(json: &impl Serialize) -> String {
    let json = serde_json::to_string(json).unwrap_or_default();
    format!("{}\n", escape_json(&json))
}
