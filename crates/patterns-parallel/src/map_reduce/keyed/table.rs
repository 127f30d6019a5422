//! Fills a table with answers, one after the other, and tells what was wrong with rows that are not in it.
//!
//! An answer that is wrong in one place counts in no part of a column: then the rows counted and those
//! with a problem add up to all.

use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, mem};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::KeyedReduce;
use super::same_keys::KeyCount;
use crate::map_reduce::code::{CodeReduce, Field, FieldTrouble, RowPosition, State};
use crate::normalise::exact;

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
pub(super) struct TableBuilder<'r> {
    columns: &'r [CodeReduce],
    group_by: Option<Field>,
    each: Option<Field>,
    answers: u64,
    rows: u64,
    /// The rows that each column took.
    counted: Vec<u64>,
    groups: BTreeMap<String, Group>,
    /// Where groups may be merged yet, what is known of the rows that are in several of them, by the forms
    /// of their keys: a row must not be in a merged group twice.
    shared: Option<BTreeMap<Vec<String>, Vec<State>>>,
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
    /// Its first row, and its place among the keys of it.
    first: (RowPosition, usize),
    rows: u64,
    states: Vec<State>,
}

impl<'r> TableBuilder<'r> {
    pub(super) fn new(reduce: &'r KeyedReduce) -> Self {
        let mut table = Self {
            columns: &reduce.columns,
            group_by: reduce.group_by.as_deref().map(Field::new),
            each: reduce.each.as_deref().map(Field::new),
            answers: 0,
            rows: 0,
            counted: vec![0; reduce.columns.len()],
            groups: BTreeMap::new(),
            shared: reduce.same.as_ref().map(|_| BTreeMap::new()),
            problems: BTreeMap::new(),
        };
        // Without groups there is one row, even of no answers.
        if table.group_by.is_none() {
            table.group(&Value::Null, ((0, 0), 0));
        }
        table
    }

    /// Adds the next answer, `id` being the document it is about; `columns` are those of the document,
    /// which its rows have as the fields of `in`, unless they have a field of that name themselves.
    pub(super) fn add(&mut self, id: &str, answer: &Value, columns: Option<&Map<String, Value>>) {
        let number = self.answers;
        self.answers += 1;
        let rows = match &self.each {
            Some(field) => field.values(answer),
            None => Ok(vec![answer]),
        };
        match rows {
            Ok(rows) => {
                for (place, row) in rows.into_iter().enumerate() {
                    let joined = columns.and_then(|it| joined(row, it));
                    self.add_row((number, place), id, joined.as_ref().unwrap_or(row));
                }
            }
            Err(trouble) => self.trouble(Place::Each, trouble, id),
        }
    }

    fn add_row(&mut self, at: RowPosition, id: &str, row: &Value) {
        self.rows += 1;
        let keys = match self.keys_of(row) {
            Ok(keys) => keys,
            Err(trouble) => return self.trouble(Place::Key, trouble, id),
        };
        let mut taken = Vec::with_capacity(self.columns.len());
        for column in 0..self.columns.len() {
            let it = self.columns[column].take(row, at);
            match &it {
                Ok(_) => self.counted[column] += 1,
                Err(trouble) => self.trouble(Place::Column(column), *trouble, id),
            }
            taken.push(it.ok());
        }
        let is_shared = self.shared.is_some() && keys.len() > 1;
        for (place, key) in keys.iter().enumerate() {
            let group = self.group(key, (at, place));
            group.rows += 1;
            if !is_shared {
                merge(&mut group.states, &taken);
            }
        }
        if let Some(shared) = self.shared.as_mut().filter(|_| is_shared) {
            let forms = keys.iter().map(exact).collect();
            let none = || self.columns.iter().map(CodeReduce::state).collect();
            merge(shared.entry(forms).or_insert_with(none), &taken);
        }
    }

    /// Returns the groups of a row, each once, in the order in which the row has them.
    fn keys_of(&self, row: &Value) -> Result<Vec<Value>, FieldTrouble> {
        let Some(field) = &self.group_by else {
            return Ok(vec![Value::Null]);
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
        Ok(new.cloned().collect())
    }

    fn group(&mut self, key: &Value, at: (RowPosition, usize)) -> &mut Group {
        let columns = self.columns;
        self.groups.entry(exact(key)).or_insert_with(|| Group {
            key: key.clone(),
            first: at,
            rows: 0,
            states: columns.iter().map(CodeReduce::state).collect(),
        })
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

    /// Returns the groups in the order of their first rows.
    fn in_order(&self) -> Vec<&Group> {
        let mut groups: Vec<&Group> = self.groups.values().collect();
        groups.sort_by_key(|it| it.first);
        groups
    }

    /// Returns the keys that are texts, with how many rows each has, in the order of their first rows.
    pub(super) fn keys(&self) -> Vec<KeyCount> {
        let key = |group: &Group| {
            Some(KeyCount {
                key: group.key.as_str()?.to_owned(),
                rows: group.rows,
            })
        };
        self.in_order().into_iter().filter_map(key).collect()
    }

    /// Puts groups together whose keys go under one name. A row that is in several of them is in theirs once.
    pub(super) fn merge_keys(&mut self, names: &BTreeMap<String, String>) {
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        for (old, mut group) in mem::take(&mut self.groups) {
            if let Some(name) = group.key.as_str().and_then(|it| names.get(it)) {
                group.key = Value::from(name.as_str());
            }
            let new = exact(&group.key);
            places.insert(old, new.clone());
            match self.groups.get_mut(&new) {
                Some(known) => {
                    known.first = known.first.min(group.first);
                    known.rows += group.rows;
                    let states: Vec<_> = group.states.into_iter().map(Some).collect();
                    merge(&mut known.states, &states);
                }
                None => {
                    self.groups.insert(new, group);
                }
            }
        }
        for (forms, states) in self.shared.take().unwrap_or_default() {
            let states: Vec<_> = states.into_iter().map(Some).collect();
            let groups: BTreeSet<&String> = forms.iter().filter_map(|it| places.get(it)).collect();
            for group in groups {
                if let Some(group) = self.groups.get_mut(group) {
                    merge(&mut group.states, &states);
                }
            }
        }
    }

    pub(super) fn finish(mut self) -> Table {
        if self.shared.is_some() {
            self.merge_keys(&BTreeMap::new());
        }
        let key = self.group_by.as_ref();
        let row = |group: &Group| {
            let key = key.map(|_| group.key.clone());
            let results = self.columns.iter().zip(&group.states);
            let results = results.map(|(column, state)| column.result(state));
            key.into_iter().chain(results).collect()
        };
        let names = key.map(|it| it.path().to_owned());
        let results = self.columns.iter().map(ToString::to_string);
        Table {
            columns: names.into_iter().chain(results).collect(),
            rows: self.in_order().into_iter().map(row).collect(),
            answers: self.answers,
            answer_rows: self.rows,
            counted: self.counted.clone(),
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

/// Adds to states, one for each column, what is known of other rows.
fn merge(states: &mut [State], known: &[Option<State>]) {
    for (state, more) in states.iter_mut().zip(known) {
        if let Some(more) = more {
            state.merge(more);
        }
    }
}
