//! Count, sums and extremes of numbers, in constant memory and exact.

use bigdecimal::{BigDecimal, Zero};
use serde_json::{Value, json};

use super::number::{float, write};

/// What is known of numbers without keeping them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Moments {
    count: u64,
    sum: BigDecimal,
    squares: BigDecimal,
    /// The least and the greatest number.
    range: Option<(BigDecimal, BigDecimal)>,
}

impl Moments {
    pub(super) fn add(&mut self, number: &BigDecimal) {
        self.merge(Self {
            count: 1,
            sum: number.clone(),
            squares: number * number,
            range: Some((number.clone(), number.clone())),
        });
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
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
            count => write(&(&self.sum / BigDecimal::from(count))),
        }
    }

    pub(super) fn min(&self) -> Value {
        self.range.as_ref().map_or(Value::Null, |it| write(&it.0))
    }

    pub(super) fn max(&self) -> Value {
        self.range.as_ref().map_or(Value::Null, |it| write(&it.1))
    }

    pub(super) fn stats(&self) -> Value {
        json!({
            "count": self.count,
            "sum": self.sum(),
            "mean": self.mean(),
            "min": self.min(),
            "max": self.max(),
            "deviation": self.deviation(),
        })
    }

    /// The difference under the root is exact, so nothing is lost where numbers lie close together.
    fn deviation(&self) -> Option<f64> {
        if self.count < 2 {
            return None;
        }
        let count = BigDecimal::from(self.count);
        let difference = &count * &self.squares - &self.sum * &self.sum;
        if difference.is_zero() {
            return Some(0.0);
        }
        let variance = difference / (&count * (&count - BigDecimal::from(1)));
        let deviation = float(&variance).sqrt();
        deviation.is_finite().then_some(deviation)
    }
}
