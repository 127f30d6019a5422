//! Numbers of answers as exact decimals: read, summed up and written.
//!
//! Numbers are added as they are written, so that the order of answers cannot show in the last digit,
//! and 0.1 + 0.2 is 0.3. An answer's numbers are 64-bit integers or floats (one that would not be the
//! same number as either is asked for again), so no sum has more than some hundred digits.

use bigdecimal::{BigDecimal, ToPrimitive};
use serde_json::Value;

/// The most digits and the largest exponent of a number that is read, which no float exceeds. With
/// more of them, a sum would take memory at will.
const MOST: u64 = 1_100;

/// The most digits of a whole number that is written without an exponent.
const PLAIN: i64 = 40;

/// Reads a number of an answer as it is written; `None` for what is none, or is longer than any float.
pub(super) fn read(value: &Value) -> Option<BigDecimal> {
    let Value::Number(number) = value else {
        return None;
    };
    let number: BigDecimal = number.to_string().parse().ok()?;
    let exponent = number.fractional_digit_count().unsigned_abs();
    (number.digits() <= MOST && exponent <= MOST).then_some(number)
}

/// Reads a text that is a number and nothing else.
pub(super) fn typed(value: &Value) -> Option<BigDecimal> {
    let number: Value = serde_json::from_str(value.as_str()?.trim()).ok()?;
    read(&number)
}

/// Writes a number. A whole one keeps all its digits: where no number of JSON has them, it is a text.
/// Another one is [rounded].
pub(super) fn write(number: &BigDecimal) -> Value {
    let rounded = rounded(number);
    match rounded.as_f64() {
        Some(float) if number.is_integer() && rounded.is_f64() && !is_exactly(float, number) => {
            match number.order_of_magnitude() < PLAIN {
                true => number.to_plain_string().into(),
                false => number.normalized().to_scientific_notation().into(),
            }
        }
        _ => rounded,
    }
}

/// Writes a number as a whole one of 64 bits if it is one, else as the nearest float, or as a text if
/// it exceeds all floats.
pub(super) fn rounded(number: &BigDecimal) -> Value {
    if number.is_integer() {
        if let Some(whole) = number.to_i64() {
            return Value::from(whole);
        }
        if let Some(whole) = number.to_u64() {
            return Value::from(whole);
        }
    }
    let text = number.normalized().to_scientific_notation();
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Value::from(float),
        _ => Value::from(text),
    }
}

/// Returns whether a float, as it is written, is this number.
fn is_exactly(float: f64, number: &BigDecimal) -> bool {
    float
        .to_string()
        .parse::<BigDecimal>()
        .is_ok_and(|it| it == *number)
}

/// What is known of numbers without keeping them.
#[derive(Clone, Debug, Default)]
pub(in crate::map_reduce) struct Moments {
    count: u64,
    sum: BigDecimal,
    /// The least and the greatest number.
    range: Option<(BigDecimal, BigDecimal)>,
}

impl Moments {
    pub(super) fn of(number: BigDecimal) -> Self {
        Self {
            count: 1,
            sum: number.clone(),
            range: Some((number.clone(), number)),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += &other.sum;
        self.range = match (self.range.take(), other.range.clone()) {
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
