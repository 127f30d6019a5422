//! Counts different values: how often each was seen, and where first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::canonical::exact;

/// Where a row was seen: the number of its answer, and its place in it.
pub(in crate::map_reduce) type RowPosition = (u64, usize);

/// Where a value was seen: its row, and its place in it.
pub(super) type Position = (RowPosition, usize);

/// Different values by the form in which they are compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counts(BTreeMap<String, Seen>);

#[derive(Clone, Debug, PartialEq)]
struct Seen {
    /// As it was written where it was seen first.
    value: Value,
    count: u64,
    first: Position,
}

impl Counts {
    pub(super) fn add(&mut self, form: &str, value: &Value, at: Position) {
        match self.0.get_mut(form) {
            Some(seen) => seen.see(value, 1, at),
            None => {
                let seen = Seen {
                    value: value.clone(),
                    count: 1,
                    first: at,
                };
                self.0.insert(form.to_owned(), seen);
            }
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (form, it) in other.0 {
            match self.0.get_mut(&form) {
                Some(seen) => seen.see(&it.value, it.count, it.first),
                None => {
                    self.0.insert(form, it);
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the values in the order in which they were first seen.
    pub(super) fn values(&self) -> Value {
        let mut seen: Vec<&Seen> = self.0.values().collect();
        seen.sort_by_key(|it| it.first);
        seen.into_iter().map(|it| it.value.clone()).collect()
    }

    /// Returns the most frequent values with their counts, the first seen first in a tie.
    pub(super) fn top(&self, count: usize) -> Value {
        let top = self.ranked().into_iter().take(count);
        top.map(|it| json!({"value": it.value, "count": it.count}))
            .collect()
    }

    fn ranked(&self) -> Vec<&Seen> {
        let mut seen: Vec<&Seen> = self.0.values().collect();
        seen.sort_by_key(|it| (Reverse(it.count), it.first));
        seen
    }
}

impl Seen {
    fn see(&mut self, value: &Value, count: u64, at: Position) {
        self.count += count;
        if at < self.first {
            self.first = at;
            self.value = value.clone();
        }
    }
}

/// Returns the form of a value: values are the same if their forms are. Every sign counts, but for how
/// a letter with an accent is encoded (NFC), the order of an object's members, and how a number is
/// written.
pub(in crate::map_reduce) fn form(value: &Value) -> String {
    let form = exact(value);
    match is_nfc(&form) {
        true => form,
        false => form.nfc().collect(),
    }
}
