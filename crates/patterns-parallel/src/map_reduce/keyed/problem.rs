//! What was wrong with rows, counted and named.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::map_reduce::code::{FieldTrouble, RowPosition};

/// Rows that a column could not be computed from, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The column, or the field whose values are the groups or the rows.
    pub column: String,
    /// What was wrong.
    pub trouble: FieldTrouble,
    /// How many rows.
    pub rows: u64,
    /// The answers with the first of them, five at most.
    pub examples: Vec<String>,
}

/// How many answers are named as examples.
const EXAMPLES: usize = 5;

/// Rows with one problem, mergeable in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Affected {
    rows: u64,
    first: BTreeSet<(RowPosition, String)>,
}

impl Affected {
    pub(super) fn add(&mut self, at: RowPosition, id: &str) {
        self.rows += 1;
        self.name(at, id.to_owned());
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        for (at, id) in other.first {
            self.name(at, id);
        }
    }

    /// Of an answer, only its first row is named.
    fn name(&mut self, at: RowPosition, id: String) {
        self.first.insert((at, id));
        let mut last = None;
        self.first
            .retain(|((answer, _), _)| last.replace(*answer) != Some(*answer));
        while self.first.len() > EXAMPLES {
            self.first.pop_last();
        }
    }

    pub(super) fn problem(&self, column: &str, trouble: FieldTrouble) -> FieldProblem {
        FieldProblem {
            column: column.to_owned(),
            trouble,
            rows: self.rows,
            examples: self.first.iter().map(|(_, id)| id.clone()).collect(),
        }
    }
}
