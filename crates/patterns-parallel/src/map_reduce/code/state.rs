//! The state of a code reduction between answers.

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use serde_json::Value;

use super::counts::{Counts, RowPosition};
use super::function::CodeFunction;
use super::numbers::{Moments, write};

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
