//! Says why a question of a batch has no election, in the place of its row.

use patterns_job::BatchQuestion;
use serde_json::{Value, json};

use super::batch_sheet;
use crate::args::Format;
use crate::escape::{escape_json, escape_line};
use crate::report::NOT_ASKED;

/// Why a question of a batch has no election.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lack {
    /// The budget was used up before anybody was asked.
    NotAsked,
    /// The run was ended before its turn came.
    NotBegun,
    /// The run was ended before it was decided.
    BrokenOff,
}

impl Lack {
    /// Writes the row of a question.
    pub(super) fn row(self, question: &BatchQuestion, format: Format) -> String {
        let id = &question.id;
        let row = match format {
            Format::Json | Format::Jsonl => {
                let (decision, reason) = self.decision();
                let mut row = json!({"type": "election", "id": id, "decision": decision, "stop_reason": reason});
                if let Some(columns) = &question.columns {
                    row["in"] = Value::Object((**columns).clone());
                }
                escape_json(&row.to_string()).into_owned()
            }
            _ => escape_line(&format!("{id}: {}", self.words())),
        };
        row + "\n"
    }

    /// Returns the row of a question in a table.
    pub(super) fn table_row(self, question: &BatchQuestion) -> Vec<Value> {
        batch_sheet::lacking_row(question, self.decision().0)
    }

    fn words(self) -> &'static str {
        match self {
            Self::NotAsked => NOT_ASKED,
            Self::NotBegun => "not begun: the run was ended",
            Self::BrokenOff => "broken off: the run was ended",
        }
    }

    /// Returns the decision, as programs read it, and what ended the election.
    fn decision(self) -> (&'static str, &'static str) {
        match self {
            Self::NotAsked => ("not_asked", "calls_spent"),
            Self::NotBegun => ("not_begun", "run_ended"),
            Self::BrokenOff => ("broken_off", "run_ended"),
        }
    }
}
