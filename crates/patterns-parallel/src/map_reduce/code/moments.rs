//! Count, sums and extremes of numbers, in constant memory and exact.

use bigdecimal::BigDecimal;
use serde_json::Value;

use super::number::{rounded, write};

/// What is known of numbers without keeping them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Moments {
    count: u64,
    sum: BigDecimal,
    /// The least and the greatest number.
    range: Option<(BigDecimal, BigDecimal)>,
}

impl Moments {
    pub(super) fn add(&mut self, number: &BigDecimal) {
        self.merge(Self {
            count: 1,
            sum: number.clone(),
            range: Some((number.clone(), number.clone())),
        });
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.range = match (self.range.take(), other.range) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }

    pub(super) fn sum(&self) -> Value {
        write(&self.sum)
    }

    pub(super) fn mean(&self) -> Value {
        match self.count {
            0 => Value::Null,
            count => rounded(&(&self.sum / BigDecimal::from(count))),
        }
    }

    pub(super) fn min(&self) -> Value {
        self.range.as_ref().map_or(Value::Null, |it| write(&it.0))
    }

    pub(super) fn max(&self) -> Value {
        self.range.as_ref().map_or(Value::Null, |it| write(&it.1))
    }
}
