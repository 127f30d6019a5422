//! The state of a code reduction: numbers, or how often each value was seen, and where first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use patterns_core::decimal::{read, rounded, typed, write};
use patterns_core::text::exact;
use serde_json::{Value, json};

use super::{CodeFunction, FieldTrouble};

/// What is known of a row, or of all rows so far. States of parts can be merged in any order.
#[derive(Clone, Debug)]
pub(in crate::map_reduce) enum State {
    Count(u64),
    /// The sum of numbers, and how many there are.
    Sum(BigDecimal, u64),
    Least(Option<BigDecimal>),
    Greatest(Option<BigDecimal>),
    /// How often each number occurs.
    Numbers(BTreeMap<BigDecimal, u64>),
    /// Different values by the form in which they are compared.
    Values(BTreeMap<String, Seen>),
}

#[derive(Clone, Debug)]
pub(in crate::map_reduce) struct Seen {
    /// As it was written where it was seen first.
    value: Value,
    count: u64,
    /// The number of its row, and its place in it.
    first: (u64, usize),
}

impl State {
    pub(super) fn new(function: CodeFunction) -> Self {
        use CodeFunction as F;
        match function {
            F::Count => Self::Count(0),
            F::Sum | F::Mean => Self::Sum(BigDecimal::default(), 0),
            F::Min => Self::Least(None),
            F::Max => Self::Greatest(None),
            F::Median => Self::Numbers(BTreeMap::new()),
            F::Distinct | F::Union | F::Top(_) => Self::Values(BTreeMap::new()),
        }
    }

    /// Makes what is known of one value of the row at `at`. Columns of an input may be texts only, as those
    /// of a CSV file are.
    pub(super) fn of(
        function: CodeFunction,
        value: &Value,
        is_of_input: bool,
        first: (u64, usize),
    ) -> Result<Self, FieldTrouble> {
        use CodeFunction as F;
        let number = || {
            let of_text = || typed(value).filter(|_| is_of_input);
            read(value).or_else(of_text).ok_or(FieldTrouble::WrongType)
        };
        let seen = || Seen {
            value: value.clone(),
            count: 1,
            first,
        };
        Ok(match function {
            F::Count => Self::Count(1),
            F::Sum | F::Mean => Self::Sum(number()?, 1),
            F::Min => Self::Least(Some(number()?)),
            F::Max => Self::Greatest(Some(number()?)),
            F::Median => Self::Numbers(BTreeMap::from([(number()?.normalized(), 1)])),
            F::Distinct | F::Union | F::Top(_) => {
                Self::Values(BTreeMap::from([(exact(value), seen())]))
            }
        })
    }

    /// Adds what is known of other rows, for the same reduction.
    pub(in crate::map_reduce) fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Count(count), Self::Count(more)) => *count += more,
            (Self::Sum(sum, count), Self::Sum(more, further)) => {
                *sum += more;
                *count += further;
            }
            (Self::Least(known), Self::Least(more)) => {
                *known = known.take().into_iter().chain(more.clone()).min();
            }
            (Self::Greatest(known), Self::Greatest(more)) => {
                *known = known.take().into_iter().chain(more.clone()).max();
            }
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
            (Self::Sum(sum, _), F::Sum) => write(sum),
            (Self::Sum(_, 0), _) => Value::Null,
            (Self::Sum(sum, count), _) => rounded(&(sum / BigDecimal::from(*count))),
            (Self::Least(it) | Self::Greatest(it), _) => it.as_ref().map_or(Value::Null, write),
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
