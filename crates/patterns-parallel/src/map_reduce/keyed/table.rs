//! A finished table, and what was wrong with rows that are not in it.
//!
//! An answer that is wrong in one place counts in no part of a column: then the rows counted and those
//! with a problem add up to all.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TableBuilder;
use super::table_builder::{Group, Place};
use crate::map_reduce::code::{FieldTrouble, RowPosition};

/// What a keyed reduce comes to.
///
/// For each column, its counted rows and those with a problem (in the column, or with their key)
/// add up to all rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The names of the columns: the field of the groups, if there are any, and each reduction.
    pub columns: Vec<String>,
    /// A row for each group, in the order of their first answers; without groups, one row.
    pub rows: Vec<Vec<Value>>,
    /// How many answers went in.
    pub answers: u64,
    /// How many rows were in them.
    pub answer_rows: u64,
    /// How many of those rows each reduction was computed from.
    pub counted: Vec<u64>,
    /// What was wrong with the others.
    pub problems: Vec<FieldProblem>,
}

impl Table {
    pub(super) fn of(table: &TableBuilder) -> Self {
        let reduce = &table.reduce;
        let key = reduce.group_by.as_ref();
        let mut groups: Vec<&Group> = table.groups.values().collect();
        groups.sort_by_key(|it| it.first);
        let row = |group: &Group| {
            let key = key.map(|_| group.key.clone());
            let results = group.states.iter().map(|it| it.result());
            key.into_iter().chain(results).collect()
        };
        let names = key.map(ToString::to_string);
        let results = reduce.columns.iter().map(ToString::to_string);
        let problems = table.problems.iter().map(|((place, trouble), affected)| {
            let field = |it: &Option<_>| it.as_ref().map_or_else(String::new, ToString::to_string);
            let column = match place {
                Place::Each => field(&reduce.each),
                Place::Key => field(&reduce.group_by),
                Place::Column(n) => reduce.columns[*n].to_string(),
            };
            affected.problem(&column, *trouble)
        });
        Self {
            columns: names.into_iter().chain(results).collect(),
            rows: groups.into_iter().map(row).collect(),
            answers: table.answers,
            answer_rows: table.rows,
            counted: table.counted.clone(),
            problems: problems.collect(),
        }
    }
}

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

/// Rows with one problem.
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
