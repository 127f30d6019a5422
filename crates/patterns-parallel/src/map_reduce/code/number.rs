//! Numbers of answers as exact decimals, and back.

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
