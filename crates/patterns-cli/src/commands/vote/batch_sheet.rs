//! A batch of elections as a table: a row for each question, those without a result included.

use patterns_core::Branch;
use patterns_job::BatchQuestion;
use patterns_parallel::voting::{AnyDetail, BatchElection, Decision};
use serde_json::Value;

use crate::args::Format;
use crate::error::Error;
use crate::output::Rows;
use crate::sheet::{Column, Sheet};

/// Fields of a ballot that say why it was cast.
const REASONS: [&str; 3] = ["reasoning", "reason", "reasons"];

fn columns() -> [Column; 8] {
    [
        Column::text("id"),
        Column::text("question"),
        Column::text("answer"),
        Column::number("share"),
        Column::text("reason"),
        Column::text("gold"),
        Column::flag("right"),
        Column::text("decision"),
    ]
}

/// Begins a table, if the form is one of a table.
///
/// # Errors
///
/// Returns an error if it cannot be begun.
pub(super) fn begin(
    format: Format,
    rows: &mut Rows,
    is_shown: bool,
) -> Result<Option<Sheet>, Error> {
    Ok(match format {
        Format::Csv => {
            let (sheet, head) = Sheet::csv(&columns(), is_shown);
            rows.write(head);
            Some(sheet)
        }
        Format::Parquet => Some(Sheet::parquet(columns().into())?),
        Format::Human | Format::Json | Format::Jsonl | Format::Html => None,
    })
}

/// Returns the row of an election.
pub(super) fn row(
    election: &BatchElection<Value, String, AnyDetail>,
    question: Option<&BatchQuestion>,
    is_right: Option<bool>,
) -> Vec<Value> {
    let held = &election.election;
    let is_asked = held.decision != Decision::NotAsked;
    // Plain data always has a written form.
    let decision = serde_json::to_value(held.decision).unwrap_or_default();
    vec![
        election.id.as_str().into(),
        question.map(|it| it.question.as_str()).into(),
        held.winning_answer.as_deref().into(),
        is_asked.then_some(held.share).into(),
        reason(election).into(),
        question.and_then(|it| it.gold.as_deref()).into(),
        is_right.into(),
        decision,
    ]
}

/// Returns the row of a question that has no election.
pub(super) fn lacking_row(question: &BatchQuestion, decision: &str) -> Vec<Value> {
    vec![
        question.id.as_str().into(),
        question.question.as_str().into(),
        Value::Null,
        Value::Null,
        Value::Null,
        question.gold.as_deref().into(),
        Value::Null,
        decision.into(),
    ]
}

/// Returns what the first voter says who voted for the winner.
fn reason(election: &BatchElection<Value, String, AnyDetail>) -> Option<&str> {
    let held = &election.election;
    let winner = held.winning_answer.as_deref()?;
    let ballots = held.ballots.iter().zip(&election.branches);
    let mut won = ballots.filter(|it| it.0.answer.as_deref() == Some(winner));
    let said = won.next().and_then(|it| Branch::value(it.1))?;
    let mut reasons = REASONS.iter().filter_map(|it| said.get(it)?.as_str());
    reasons.find(|it| !it.trim().is_empty())
}
