//! Fills a table with answers, one after the other, and tells what was wrong with rows that are not in it.
//!
//! An answer that is wrong in one place counts in no part of a column: then the rows counted and those
//! with a problem add up to all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::KeyedReduce;
use super::same_keys::KeyCount;
use crate::map_reduce::code::{CodeReduce, Field, FieldTrouble, State};
use patterns_core::text::exact;

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

/// Rows that a column could not be computed from, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The column, or the field whose values are the groups or the rows.
    pub column: String,
    /// What was wrong.
    trouble: FieldTrouble,
    /// How many rows.
    pub rows: u64,
    /// The answers with the first of them, five at most.
    pub examples: Vec<String>,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.rows == 1 { "" } else { "s" };
        let (column, trouble, rows) = (&self.column, self.trouble, self.rows);
        write!(
            f,
            "{column}: {trouble} in {rows} row{s}, as in {}",
            self.examples.join(", ")
        )
    }
}

/// How many answers are named as examples.
const EXAMPLES: usize = 5;

/// A table under construction.
///
/// Its size depends on the groups and on what the reductions hold, not on the number of answers.
#[derive(Clone, Debug)]
pub(super) struct TableBuilder {
    columns: Vec<CodeReduce>,
    group_by: Option<Field>,
    each: Option<Field>,
    answers: u64,
    rows: u64,
    /// The rows that each column took.
    counted: Vec<u64>,
    /// By the forms of their keys.
    groups: BTreeMap<String, Group>,
    /// What is known of the rows that are in the same groups. Where groups may be merged yet, a row that is in
    /// several is counted by all its keys together: it must not be in a merged group twice.
    states: BTreeMap<Vec<String>, Vec<State>>,
    may_merge: bool,
    /// What was wrong.
    problems: BTreeMap<(Place, FieldTrouble), FieldProblem>,
}

/// Where a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Each,
    Key,
    Column(usize),
}

#[derive(Clone, Debug)]
struct Group {
    key: Value,
    /// The number of its first row, and its place among the keys of it.
    first: (u64, usize),
    rows: u64,
}

impl TableBuilder {
    pub(super) fn new(reduce: &KeyedReduce) -> Self {
        let mut table = Self {
            columns: reduce.columns.clone(),
            group_by: reduce.group_by.as_deref().map(Field::new),
            each: reduce.each.as_deref().map(Field::new),
            answers: 0,
            rows: 0,
            counted: vec![0; reduce.columns.len()],
            groups: BTreeMap::new(),
            states: BTreeMap::new(),
            may_merge: reduce.same.is_some(),
            problems: BTreeMap::new(),
        };
        // Without groups there is one row, even of no answers.
        if table.group_by.is_none() {
            table.group(&Value::Null, (0, 0));
        }
        table
    }

    /// Adds the next answer, `id` being the document it is about; `columns` are those of the document,
    /// which its rows have as the fields of `in`, unless they have a field of that name themselves.
    pub(super) fn add(&mut self, id: &str, answer: &Value, columns: Option<&Map<String, Value>>) {
        self.answers += 1;
        let rows = match &self.each {
            Some(field) => field.values(answer),
            None => Ok(vec![answer]),
        };
        match rows {
            Ok(rows) => {
                for row in rows {
                    let joined = columns.and_then(|it| joined(row, it));
                    self.add_row(id, joined.as_ref().unwrap_or(row));
                }
            }
            Err(trouble) => self.trouble(Place::Each, trouble, id),
        }
    }

    fn add_row(&mut self, id: &str, row: &Value) {
        let number = self.rows;
        self.rows += 1;
        let keys = match self.keys_of(row) {
            Ok(keys) => keys,
            Err(trouble) => return self.trouble(Place::Key, trouble, id),
        };
        let mut taken = Vec::with_capacity(self.columns.len());
        for column in 0..self.columns.len() {
            let it = self.columns[column].take(row, number);
            match &it {
                Ok(_) => self.counted[column] += 1,
                Err(trouble) => self.trouble(Place::Column(column), *trouble, id),
            }
            taken.push(it.ok());
        }
        let keys = keys.into_iter().enumerate();
        let forms: Vec<String> = keys.map(|it| self.group(it.1, (number, it.0))).collect();
        let size = match self.may_merge {
            true => forms.len().max(1),
            false => 1,
        };
        for forms in forms.chunks(size) {
            let states = self.states.entry(forms.to_vec());
            merge(states.or_insert_with(|| none(&self.columns)), &taken);
        }
    }

    /// Returns the groups of a row, in the order in which the row has them.
    fn keys_of<'a>(&self, row: &'a Value) -> Result<Vec<&'a Value>, FieldTrouble> {
        let Some(field) = &self.group_by else {
            return Ok(vec![&Value::Null]);
        };
        let keys = field.values(row)?;
        if keys.is_empty() {
            return Err(FieldTrouble::Missing);
        }
        if keys.iter().any(|it| it.is_object()) {
            return Err(FieldTrouble::WrongType);
        }
        let mut known = BTreeSet::new();
        let new = keys.into_iter().filter(|it| known.insert(exact(it)));
        Ok(new.collect())
    }

    /// Counts a row of a group, and returns the form of its key.
    fn group(&mut self, key: &Value, at: (u64, usize)) -> String {
        let form = exact(key);
        let group = self.groups.entry(form.clone());
        let group = group.or_insert_with(|| Group {
            key: key.clone(),
            first: at,
            rows: 0,
        });
        group.rows += 1;
        form
    }

    /// Counts a row with a problem. Of an answer, only its first row is named.
    fn trouble(&mut self, place: Place, trouble: FieldTrouble, id: &str) {
        let path = |it: &Option<Field>| it.as_ref().map_or_else(String::new, |it| it.path().into());
        let problem = self.problems.entry((place, trouble));
        let problem = problem.or_insert_with(|| FieldProblem {
            column: match place {
                Place::Each => path(&self.each),
                Place::Key => path(&self.group_by),
                Place::Column(n) => self.columns[n].to_string(),
            },
            trouble,
            rows: 0,
            examples: Vec::new(),
        });
        problem.rows += 1;
        let is_named = problem.examples.last().is_some_and(|it| it == id);
        if !is_named && problem.examples.len() < EXAMPLES {
            problem.examples.push(id.to_owned());
        }
    }

    /// Returns the field whose values are the groups.
    pub(super) fn group_by(&self) -> Option<&str> {
        self.group_by.as_ref().map(Field::path)
    }

    /// Returns the keys that are texts, with how many rows each has, in the order of their first rows.
    pub(super) fn keys(&self) -> Vec<KeyCount> {
        let mut groups: Vec<&Group> = self.groups.values().collect();
        groups.sort_by_key(|it| it.first);
        let key = |group: &Group| {
            Some(KeyCount {
                key: group.key.as_str()?.to_owned(),
                rows: group.rows,
            })
        };
        groups.into_iter().filter_map(key).collect()
    }

    /// Makes the table, groups together whose keys go under one of these names.
    pub(super) fn finish(self, names: &BTreeMap<String, String>) -> Table {
        let mut forms: BTreeMap<String, String> = BTreeMap::new();
        let mut groups: BTreeMap<String, (Group, Vec<State>)> = BTreeMap::new();
        for (old, mut group) in self.groups {
            if let Some(name) = group.key.as_str().and_then(|it| names.get(it)) {
                group.key = Value::from(name.as_str());
            }
            let (new, first) = (exact(&group.key), group.first);
            let group = groups
                .entry(new.clone())
                .or_insert_with(|| (group, none(&self.columns)));
            group.0.first = group.0.first.min(first);
            forms.insert(old, new);
        }
        for (keys, states) in self.states {
            let states: Vec<_> = states.into_iter().map(Some).collect();
            // A row that is in several of the groups is in the one of them all once.
            let keys: BTreeSet<&String> = keys.iter().filter_map(|it| forms.get(it)).collect();
            for key in keys {
                if let Some((_, group)) = groups.get_mut(key) {
                    merge(group, &states);
                }
            }
        }
        let mut groups: Vec<(Group, Vec<State>)> = groups.into_values().collect();
        groups.sort_by_key(|it| it.0.first);
        let key = self.group_by.as_ref();
        let row = |(group, states): (Group, Vec<State>)| {
            let results = self.columns.iter().zip(&states);
            let results = results.map(|(column, state)| column.result(state));
            key.map(|_| group.key).into_iter().chain(results).collect()
        };
        let name = key.map(|it| it.path().to_owned());
        let results = self.columns.iter().map(ToString::to_string);
        Table {
            columns: name.into_iter().chain(results).collect(),
            rows: groups.into_iter().map(row).collect(),
            answers: self.answers,
            answer_rows: self.rows,
            counted: self.counted,
            problems: self.problems.into_values().collect(),
        }
    }
}

/// Returns a row with the columns of its document as the fields of `in`.
fn joined(row: &Value, columns: &Map<String, Value>) -> Option<Value> {
    let mut fields = row.as_object()?.clone();
    if fields.contains_key("in") {
        return None;
    }
    fields.insert("in".to_owned(), Value::Object(columns.clone()));
    Some(Value::Object(fields))
}

/// Returns what is known of no rows, for each column.
fn none(columns: &[CodeReduce]) -> Vec<State> {
    columns.iter().map(CodeReduce::state).collect()
}

/// Adds to states, one for each column, what is known of other rows.
fn merge(states: &mut [State], known: &[Option<State>]) {
    for (state, more) in states.iter_mut().zip(known) {
        if let Some(more) = more {
            state.merge(more);
        }
    }
}
