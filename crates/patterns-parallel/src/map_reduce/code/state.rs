//! The state of a code reduction between answers: numbers, or how often each value was seen, and where first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use serde_json::{Value, json};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::CodeFunction;
use super::numbers::{Moments, write};
use crate::canonical::exact;

/// What was taken from an answer.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::map_reduce) enum Taken {
    Count(u64),
    Numbers(Vec<BigDecimal>),
    /// Values with the forms in which they are compared.
    Values(Vec<(String, Value)>),
}

/// The state of a reduction: what is known of the answers so far. States of parts can be merged
/// in any order.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::map_reduce) struct State {
    function: CodeFunction,
    known: Known,
}

#[derive(Clone, Debug, PartialEq)]
enum Known {
    Count(u64),
    Moments(Moments),
    /// How often each number occurs.
    Numbers(BTreeMap<BigDecimal, u64>),
    Values(Counts),
}

impl State {
    pub(super) fn new(function: CodeFunction) -> Self {
        use CodeFunction as F;
        let known = match function {
            F::Count => Known::Count(0),
            F::Sum | F::Mean | F::Min | F::Max => Known::Moments(Moments::default()),
            F::Median => Known::Numbers(BTreeMap::new()),
            F::Distinct | F::Union | F::Top(_) => Known::Values(Counts::default()),
        };
        Self { function, known }
    }

    /// Adds what was taken from the row at `at`.
    pub(in crate::map_reduce) fn add(&mut self, taken: &Taken, at: RowPosition) {
        match (&mut self.known, taken) {
            (Known::Count(count), Taken::Count(more)) => *count += more,
            (Known::Moments(moments), Taken::Numbers(numbers)) => {
                numbers.iter().for_each(|it| moments.add(it));
            }
            (Known::Numbers(known), Taken::Numbers(numbers)) => {
                for number in numbers {
                    *known.entry(number.normalized()).or_default() += 1;
                }
            }
            (Known::Values(counts), Taken::Values(values)) => {
                for (n, (form, value)) in values.iter().enumerate() {
                    counts.add(form, value, (at, n));
                }
            }
            // A function takes from answers what its own state is made of.
            _ => {}
        }
    }

    /// Adds the state of another part of the answers, for the same reduction.
    pub(in crate::map_reduce) fn merge(&mut self, other: Self) {
        match (&mut self.known, other.known) {
            (Known::Count(count), Known::Count(more)) => *count += more,
            (Known::Moments(moments), Known::Moments(more)) => moments.merge(more),
            (Known::Numbers(known), Known::Numbers(more)) => {
                for (number, count) in more {
                    *known.entry(number).or_default() += count;
                }
            }
            (Known::Values(counts), Known::Values(more)) => counts.merge(more),
            _ => {}
        }
    }

    /// Returns the result so far.
    pub(in crate::map_reduce) fn result(&self) -> Value {
        use CodeFunction as F;
        match (&self.known, self.function) {
            (Known::Count(count), _) => Value::from(*count),
            (Known::Moments(it), F::Sum) => it.sum(),
            (Known::Moments(it), F::Mean) => it.mean(),
            (Known::Moments(it), F::Min) => it.min(),
            (Known::Moments(it), _) => it.max(),
            (Known::Numbers(it), _) => median(it),
            (Known::Values(it), F::Distinct) => Value::from(it.len()),
            (Known::Values(it), F::Top(count)) => it.top(count),
            (Known::Values(it), _) => it.values(),
        }
    }
}

fn median(counts: &BTreeMap<BigDecimal, u64>) -> Value {
    match counts.values().sum::<u64>() {
        0 => Value::Null,
        count => {
            let (lower, upper) = (at(counts, (count - 1) / 2), at(counts, count / 2));
            write(&((lower + upper) / BigDecimal::from(2)))
        }
    }
}

/// Returns the number at a place of the sorted numbers.
fn at(counts: &BTreeMap<BigDecimal, u64>, place: u64) -> BigDecimal {
    let mut after = 0;
    let mut upto = counts.iter().skip_while(|(_, count)| {
        after += **count;
        after <= place
    });
    upto.next()
        .map_or_else(BigDecimal::default, |it| it.0.clone())
}

/// Where a row was seen: the number of its answer, and its place in it.
pub(in crate::map_reduce) type RowPosition = (u64, usize);

/// Where a value was seen: its row, and its place in it.
type Position = (RowPosition, usize);

/// Different values by the form in which they are compared.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counts(BTreeMap<String, Seen>);

#[derive(Clone, Debug, PartialEq)]
struct Seen {
    /// As it was written where it was seen first.
    value: Value,
    count: u64,
    first: Position,
}

impl Counts {
    fn add(&mut self, form: &str, value: &Value, at: Position) {
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

    fn merge(&mut self, other: Self) {
        for (form, it) in other.0 {
            match self.0.get_mut(&form) {
                Some(seen) => seen.see(&it.value, it.count, it.first),
                None => {
                    self.0.insert(form, it);
                }
            }
        }
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the values in the order in which they were first seen.
    fn values(&self) -> Value {
        let mut seen: Vec<&Seen> = self.0.values().collect();
        seen.sort_by_key(|it| it.first);
        seen.into_iter().map(|it| it.value.clone()).collect()
    }

    /// Returns the most frequent values with their counts, the first seen first in a tie.
    fn top(&self, count: usize) -> Value {
        let mut seen: Vec<&Seen> = self.0.values().collect();
        seen.sort_by_key(|it| (Reverse(it.count), it.first));
        let top = seen.into_iter().take(count);
        top.map(|it| json!({"value": it.value, "count": it.count}))
            .collect()
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
