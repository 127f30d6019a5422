//! A table under construction: answers go in, one after the other.

use std::collections::BTreeMap;
use std::mem;

use serde_json::{Map, Value};

use super::same_keys::{KeyCount, KeyMerges};
use super::table::Affected;
use super::{KeyedReduce, Table};
use crate::map_reduce::code::{FieldTrouble, RowPosition, State, Taken, form};

/// A table under construction.
///
/// Its size depends on the groups and on what the reductions hold, not on the number of answers.
#[derive(Clone, Debug, PartialEq)]
pub struct TableBuilder {
    pub(super) reduce: KeyedReduce,
    pub(super) answers: u64,
    pub(super) rows: u64,
    /// The rows that each column took.
    pub(super) counted: Vec<u64>,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) problems: BTreeMap<(Place, FieldTrouble), Affected>,
}

/// Where a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Each,
    Key,
    Column(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) key: Value,
    pub(super) first: RowPosition,
    pub(super) rows: u64,
    pub(super) states: Vec<State>,
}

impl TableBuilder {
    pub(super) fn new(reduce: KeyedReduce) -> Self {
        let mut table = Self {
            answers: 0,
            rows: 0,
            counted: vec![0; reduce.columns.len()],
            groups: BTreeMap::new(),
            problems: BTreeMap::new(),
            reduce,
        };
        // Without groups there is one row, even of no answers.
        if table.reduce.group_by.is_none() {
            table.group(&Value::Null, (0, 0));
        }
        table
    }

    /// Adds the next answer, `id` being the document it is about.
    pub fn add(&mut self, id: &str, answer: &Value) {
        self.add_with(id, answer, None);
    }

    /// Adds the next answer with the columns of its document, which its rows have as the fields of `in`,
    /// unless they have a field of that name themselves.
    pub(super) fn add_with(
        &mut self,
        id: &str,
        answer: &Value,
        columns: Option<&Map<String, Value>>,
    ) {
        let number = self.answers;
        self.answers += 1;
        let rows = match &self.reduce.each {
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
            Err(trouble) => self.trouble(Place::Each, trouble, (number, 0), id),
        }
    }

    fn add_row(&mut self, at: RowPosition, id: &str, row: &Value) {
        self.rows += 1;
        let keys = match self.keys_of(row) {
            Ok(keys) => keys,
            Err(trouble) => return self.trouble(Place::Key, trouble, at, id),
        };
        let mut taken = Vec::with_capacity(self.reduce.columns.len());
        for column in 0..self.reduce.columns.len() {
            match self.reduce.columns[column].take(row) {
                Ok(it) => {
                    self.counted[column] += 1;
                    taken.push(Some(it));
                }
                Err(trouble) => {
                    self.trouble(Place::Column(column), trouble, at, id);
                    taken.push(None);
                }
            }
        }
        for key in keys.values() {
            self.group(key, at).add(&taken, at);
        }
    }

    /// Returns the groups of a row, each once.
    fn keys_of(&self, row: &Value) -> Result<BTreeMap<String, Value>, FieldTrouble> {
        let Some(field) = &self.reduce.group_by else {
            return Ok([(form(&Value::Null), Value::Null)].into());
        };
        let keys = field.values(row)?;
        if keys.is_empty() {
            return Err(FieldTrouble::Missing);
        }
        if keys.iter().any(|it| it.is_object()) {
            return Err(FieldTrouble::WrongType);
        }
        Ok(keys.into_iter().map(|it| (form(it), it.clone())).collect())
    }

    fn group(&mut self, key: &Value, at: RowPosition) -> &mut Group {
        let columns = &self.reduce.columns;
        let group = self.groups.entry(form(key)).or_insert_with(|| Group {
            key: key.clone(),
            first: at,
            rows: 0,
            states: columns.iter().map(|it| it.state()).collect(),
        });
        group.first = group.first.min(at);
        group
    }

    fn trouble(&mut self, place: Place, trouble: FieldTrouble, at: RowPosition, id: &str) {
        self.problems
            .entry((place, trouble))
            .or_default()
            .add(at, id);
    }

    fn add_group(&mut self, key: String, group: Group) {
        match self.groups.get_mut(&key) {
            Some(known) => known.merge(group),
            None => {
                self.groups.insert(key, group);
            }
        }
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

    /// Puts groups together whose keys mean the same. A row that was in several of them, by a list
    /// of keys, is then in their group as many times.
    pub(super) fn merge_keys(&mut self, merges: &KeyMerges) {
        for (known, mut group) in mem::take(&mut self.groups) {
            let name = group.key.as_str().and_then(|it| merges.name_of(it));
            let Some(name) = name.map(Value::from) else {
                self.add_group(known, group);
                continue;
            };
            group.key = name;
            self.add_group(form(&group.key), group);
        }
    }

    /// Returns the table.
    pub fn finish(&self) -> Table {
        Table::of(self)
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

impl Group {
    fn add(&mut self, taken: &[Option<Taken>], at: RowPosition) {
        self.rows += 1;
        for (state, taken) in self.states.iter_mut().zip(taken) {
            if let Some(taken) = taken {
                state.add(taken, at);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.rows += other.rows;
        for (state, more) in self.states.iter_mut().zip(other.states) {
            state.merge(more);
        }
    }
}
