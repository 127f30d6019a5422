//! Numbers as they are written in answers, in decimal: exact, whatever they are added to.
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
pub fn read(value: &Value) -> Option<BigDecimal> {
    let Value::Number(number) = value else {
        return None;
    };
    let number: BigDecimal = number.to_string().parse().ok()?;
    let exponent = number.fractional_digit_count().unsigned_abs();
    (number.digits() <= MOST && exponent <= MOST).then_some(number)
}

/// Reads a text that is a number and nothing else.
pub fn typed(value: &Value) -> Option<BigDecimal> {
    let number: Value = serde_json::from_str(value.as_str()?.trim()).ok()?;
    read(&number)
}

/// Writes a number. A whole one keeps all its digits: where no number of JSON has them, it is a text.
/// Another one is [rounded].
pub fn write(number: &BigDecimal) -> Value {
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
pub fn rounded(number: &BigDecimal) -> Value {
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

/// Returns the mean of two numbers as they are written: of 0.1 and 0.2 it is 0.15.
pub fn mean(a: f64, b: f64) -> Option<f64> {
    let decimal = |it: f64| it.to_string().parse::<BigDecimal>().ok();
    let half = (decimal(a)? + decimal(b)?) / BigDecimal::from(2);
    half.to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_read_is_written_as_it_was() {
        for number in [
            json!(0.1),
            json!(7),
            json!(u64::MAX),
            json!(-1.5),
            json!(1e300),
        ] {
            assert_eq!(write(&read(&number).unwrap()), number);
        }
        assert_eq!(read(&json!("7")), None);
        assert_eq!(typed(&json!(" 7 ")), read(&json!(7)));
        assert_eq!(mean(0.1, 0.2), Some(0.15));
    }
}
