//! Numbers of answers as exact decimals, and back.

use bigdecimal::{BigDecimal, ToPrimitive};
use serde_json::Value;

/// Reads a number of an answer as it is written. An answer's numbers are integers of 64 bits or
/// finite floats, so no number, and no sum of them, has more than some hundred digits.
pub(super) fn read(value: &Value) -> Option<BigDecimal> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// Writes a number: whole ones of 64 bits as they are, others as the nearest float; what exceeds
/// all floats as text, since JSON has no infinity.
pub(super) fn write(number: &BigDecimal) -> Value {
    if number.is_integer() {
        if let Some(whole) = number.to_i64() {
            return Value::from(whole);
        }
        if let Some(whole) = number.to_u64() {
            return Value::from(whole);
        }
    }
    let text = number.to_scientific_notation();
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Value::from(float),
        _ => Value::from(text),
    }
}
