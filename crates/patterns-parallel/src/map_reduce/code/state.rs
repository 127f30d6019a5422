//! The state of a code reduction: numbers, or how often each value was seen, and where first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use serde_json::{Value, json};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::numbers::{Moments, read, typed, write};
use super::{CodeFunction, FieldTrouble};
use crate::canonical::exact;

/// What is known of a row, or of all rows so far. States of parts can be merged in any order.
#[derive(Clone, Debug)]
pub(in crate::map_reduce) enum State {
    Count(u64),
    Moments(Moments),
    /// How often each number occurs.
    Numbers(BTreeMap<BigDecimal, u64>),
    /// Different values by the form in which they are compared.
    Values(BTreeMap<String, Seen>),
}

/// Where a row was seen: the number of its answer, and its place in it.
pub(in crate::map_reduce) type RowPosition = (u64, usize);

#[derive(Clone, Debug)]
pub(in crate::map_reduce) struct Seen {
    /// As it was written where it was seen first.
    value: Value,
    count: u64,
    /// Its row, and its place in it.
    first: (RowPosition, usize),
}

impl State {
    pub(super) fn new(function: CodeFunction) -> Self {
        use CodeFunction as F;
        match function {
            F::Count => Self::Count(0),
            F::Sum | F::Mean | F::Min | F::Max => Self::Moments(Moments::default()),
            F::Median => Self::Numbers(BTreeMap::new()),
            F::Distinct | F::Union | F::Top(_) => Self::Values(BTreeMap::new()),
        }
    }

    /// Adds the next value of the row at `at`. Columns of an input may be texts only, as those of a CSV
    /// file are.
    pub(super) fn add(
        &mut self,
        value: &Value,
        is_of_input: bool,
        at: (RowPosition, usize),
    ) -> Result<(), FieldTrouble> {
        let number = || {
            let of_text = || typed(value).filter(|_| is_of_input);
            read(value).or_else(of_text).ok_or(FieldTrouble::WrongType)
        };
        match self {
            Self::Count(count) => *count += 1,
            Self::Moments(moments) => moments.merge(&Moments::of(number()?)),
            Self::Numbers(known) => *known.entry(number()?.normalized()).or_default() += 1,
            Self::Values(known) => {
                let seen = known.entry(form(value)).or_insert_with(|| Seen {
                    value: value.clone(),
                    count: 0,
                    first: at,
                });
                seen.count += 1;
            }
        }
        Ok(())
    }

    /// Adds what is known of other rows, for the same reduction.
    pub(in crate::map_reduce) fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Count(count), Self::Count(more)) => *count += more,
            (Self::Moments(moments), Self::Moments(more)) => moments.merge(more),
            (Self::Numbers(known), Self::Numbers(more)) => {
                for (number, count) in more {
                    *known.entry(number.clone()).or_default() += count;
                }
            }
            (Self::Values(known), Self::Values(more)) => {
                for (form, it) in more {
                    let seen = known.entry(form.clone());
                    seen.and_modify(|seen| seen.merge(it))
                        .or_insert_with(|| it.clone());
                }
            }
            _ => {}
        }
    }

    pub(super) fn result(&self, function: CodeFunction) -> Value {
        use CodeFunction as F;
        match (self, function) {
            (Self::Count(count), _) => Value::from(*count),
            (Self::Moments(it), F::Sum) => it.sum(),
            (Self::Moments(it), F::Mean) => it.mean(),
            (Self::Moments(it), F::Min) => it.min(),
            (Self::Moments(it), _) => it.max(),
            (Self::Numbers(it), _) => median(it),
            (Self::Values(it), F::Distinct) => Value::from(it.len()),
            (Self::Values(it), function) => {
                let mut seen: Vec<&Seen> = it.values().collect();
                seen.sort_by_key(|it| it.first);
                let F::Top(count) = function else {
                    return seen.into_iter().map(|it| it.value.clone()).collect();
                };
                // The first seen goes first in a tie.
                seen.sort_by_key(|it| Reverse(it.count));
                let top = seen.into_iter().take(count);
                top.map(|it| json!({"value": it.value, "count": it.count}))
                    .collect()
            }
        }
    }
}

impl Seen {
    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        if other.first < self.first {
            self.first = other.first;
            self.value.clone_from(&other.value);
        }
    }
}

fn median(counts: &BTreeMap<BigDecimal, u64>) -> Value {
    // The number at a place of the sorted numbers.
    let at = |place: u64| {
        let mut after = 0;
        let mut upto = counts.iter().skip_while(|(_, count)| {
            after += **count;
            after <= place
        });
        upto.next()
            .map_or_else(BigDecimal::default, |it| it.0.clone())
    };
    match counts.values().sum::<u64>() {
        0 => Value::Null,
        count => write(&((at((count - 1) / 2) + at(count / 2)) / BigDecimal::from(2))),
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
