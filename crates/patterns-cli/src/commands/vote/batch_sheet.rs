//! A batch of elections as a table: a row for each question, those without a result included.

use patterns_core::Branch;
use patterns_job::BatchQuestion;
use patterns_parallel::voting::{BatchElection, Decision};
use patterns_source::ColumnKind;
use serde_json::Value;

use crate::error::Error;
use crate::output::Rows;
use crate::session::Session;
use crate::sheet::{Column, Sheet, apart};

/// Fields of a ballot that say why it was cast.
const REASONS: [&str; 3] = ["reasoning", "reason", "reasons"];

/// The columns of a batch, those that are kept of its rows behind the question.
pub(super) struct BatchColumns {
    kept: Vec<String>,
}

impl BatchColumns {
    /// Begins a table, if the form is one of a table; says which columns have other names than in the input.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be begun.
    pub(super) fn begin(
        session: &Session,
        input: &[(String, ColumnKind)],
        rows: &mut Rows,
        is_shown: bool,
    ) -> Result<Option<(Sheet, Self)>, Error> {
        let own = [
            Column::text("id"),
            Column::text("question"),
            Column::text("answer"),
            Column::number("share"),
            Column::text("reason"),
            Column::text("gold"),
            Column::flag("right"),
            Column::text("decision"),
        ];
        let names: Vec<&str> = own.iter().map(|it| it.name.as_str()).collect();
        let (kept, note) = apart(input, &names);
        let mut columns = own.to_vec();
        columns.splice(2..2, kept);
        let Some((sheet, head)) = Sheet::begin(session.format, columns, is_shown)? else {
            return Ok(None);
        };
        rows.write(head);
        if let Some(note) = note {
            session.terminal.note(&note);
        }
        let kept = input.iter().map(|it| it.0.clone()).collect();
        Ok(Some((sheet, Self { kept })))
    }

    /// Puts what is kept of a question's row into its row of the table.
    pub(super) fn with_kept(
        &self,
        mut row: Vec<Value>,
        question: Option<&BatchQuestion>,
    ) -> Vec<Value> {
        let input = question.and_then(|it| it.columns.as_deref());
        let of_input = |name: &String| input.and_then(|it| it.get(name)).cloned();
        let kept = self.kept.iter().map(|it| of_input(it).unwrap_or_default());
        row.splice(2..2, kept);
        row
    }
}

/// Returns the row of an election.
pub(super) fn row(
    election: &BatchElection<Value>,
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
fn reason(election: &BatchElection<Value>) -> Option<&str> {
    let held = &election.election;
    let winner = held.winning_answer.as_deref()?;
    let ballots = held.ballots.iter().zip(&election.branches);
    let mut won = ballots.filter(|it| it.0.answer.as_deref() == Some(winner));
    let said = won.next().and_then(|it| Branch::value(it.1))?;
    let mut reasons = REASONS.iter().filter_map(|it| said.get(it)?.as_str());
    reasons.find(|it| !it.trim().is_empty())
}
