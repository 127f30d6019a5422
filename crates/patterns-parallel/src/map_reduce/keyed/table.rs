//! A finished table, and its written forms.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::builder::{Group, Place};
use super::{FieldProblem, TableBuilder};

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

    /// Writes one JSON object a line, its members in the order of the columns.
    pub fn to_jsonl(&self) -> String {
        let line = |row: &Vec<Value>| {
            let members = self.columns.iter().cloned().zip(row.iter().cloned());
            format!("{}\n", Value::Object(members.collect::<Map<_, _>>()))
        };
        self.rows.iter().map(line).collect()
    }

    /// Writes CSV (RFC 4180) with a line of names. Lists and objects are written as JSON.
    ///
    /// A text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab
    /// or a carriage return) gets a `'` before it, as OWASP advises against CSV injection.
    pub fn to_csv(&self) -> String {
        let names: Vec<Value> = self.columns.iter().map(|it| it.as_str().into()).collect();
        let rows = self.rows.iter().map(|row| csv_record(row));
        std::iter::once(csv_record(&names)).chain(rows).collect()
    }
}

/// Writes one record of CSV, its end included, as [`Table::to_csv`] does.
pub fn csv_record(values: &[Value]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Memory takes everything.
    let _ = writer.write_record(values.iter().map(cell));
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        value => value.to_string(),
    }
}

fn harmless(text: &str) -> String {
    // A whole number that JSON has no number for is written as a text.
    let digits = text.strip_prefix('-').unwrap_or_default();
    let is_long_number = digits.len() > 18 && digits.bytes().all(|it| it.is_ascii_digit());
    match !is_long_number && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}
