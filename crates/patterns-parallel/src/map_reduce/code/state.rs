//! The state of a code reduction between answers.

use std::collections::BTreeMap;

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use serde_json::{Value, json};

use super::CodeFunction;
use super::counts::{Counts, RowPosition};
use super::moments::Moments;
use super::number::write;

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
    /// How often each number, or each bin by its number, occurs.
    Numbers(BTreeMap<BigDecimal, u64>),
    Values(Counts),
}

impl State {
    pub(super) fn new(function: CodeFunction) -> Self {
        use CodeFunction as F;
        let known = match function {
            F::Count => Known::Count(0),
            F::Sum | F::Mean | F::Min | F::Max | F::Stats => Known::Moments(Moments::default()),
            F::Median | F::Quantile(_) | F::Bins(_) => Known::Numbers(BTreeMap::new()),
            F::Distinct | F::Union | F::Top(_) | F::Histogram | F::Vote | F::Dedupe => {
                Known::Values(Counts::default())
            }
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
                    *known.entry(binned(number, self.function)).or_default() += 1;
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
            (Known::Moments(it), F::Max) => it.max(),
            (Known::Moments(it), _) => it.stats(),
            (Known::Numbers(it), F::Bins(width)) => bins(it, width),
            (Known::Numbers(it), F::Quantile(share)) => quantile(it, share),
            (Known::Numbers(it), _) => quantile(it, 0.5),
            (Known::Values(it), F::Distinct) => Value::from(it.len()),
            (Known::Values(it), F::Top(count)) => it.top(count),
            (Known::Values(it), F::Histogram) => it.top(usize::MAX),
            (Known::Values(it), F::Vote) => it.winner(),
            (Known::Values(it), _) => it.values(),
        }
    }
}

/// Returns a float as the decimal that it is written as.
fn decimal(float: f64) -> BigDecimal {
    float.to_string().parse().unwrap_or_default()
}

/// Returns the number of the bin that a number is in; where there are no bins, the number itself.
fn binned(number: &BigDecimal, function: CodeFunction) -> BigDecimal {
    match function {
        CodeFunction::Bins(width) => {
            (number / decimal(width)).with_scale_round(0, RoundingMode::Floor)
        }
        _ => number.normalized(),
    }
}

fn bins(counts: &BTreeMap<BigDecimal, u64>, width: f64) -> Value {
    let width = decimal(width);
    let bin = |(number, count): (&BigDecimal, &u64)| {
        let from = number * &width;
        let to = &from + &width;
        json!({"from": write(&from), "to": write(&to), "count": count})
    };
    counts.iter().map(bin).collect()
}

fn quantile(counts: &BTreeMap<BigDecimal, u64>, share: f64) -> Value {
    let count: u64 = counts.values().sum();
    let Some(last) = count.checked_sub(1) else {
        return Value::Null;
    };
    let rank = decimal(share) * BigDecimal::from(last);
    let below = rank.with_scale_round(0, RoundingMode::Floor);
    let place = below.to_u64().unwrap_or(last);
    let (lower, upper) = (at(counts, place), at(counts, (place + 1).min(last)));
    write(&(&lower + (upper - &lower) * (rank - below)))
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
