//! Writes JSON values in the form in which they are counted.

use serde_json::{Number, Value};

use crate::normalise;

/// Returns the form in which a value is counted: strings normalised, `42.0` as `42`, the names of
/// an object in order and without those that are null.
///
/// A string that says nothing is a value as any other: for a field that is an answer.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &|it| normalise(it).unwrap_or_default(), &mut text);
    text
}

/// As [`canonical`], but strings stay as they are.
pub(crate) fn exact(value: &Value) -> String {
    let mut text = String::new();
    write(value, &str::to_owned, &mut text);
    text
}

fn write(value: &Value, spell: &dyn Fn(&str) -> String, text: &mut String) {
    match value {
        Value::Null | Value::Bool(_) => text.push_str(&value.to_string()),
        Value::Number(number) => text.push_str(&plain(number)),
        Value::String(string) => {
            text.push_str(&Value::String(spell(string)).to_string());
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write(item, spell, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().filter(|(_, value)| !value.is_null()).collect();
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in members {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, spell, text);
                text.push(',');
            }
            text.push('}');
        }
    }
}

/// Writes a number so that equal ones are written alike, whatever they were: a float as the shortest
/// decimal that is read as it, without an exponent, as integers are.
fn plain(number: &Number) -> String {
    match number.as_f64() {
        // Negative zero is zero.
        Some(float) if number.is_f64() => (float + 0.0).to_string(),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_numbers_are_written_alike_and_others_are_not() {
        let alike = [
            [json!(0), json!(-0.0)],
            [json!(42), json!(42.0)],
            [json!(10_000_000_000_000_000_u64), json!(1e16)],
        ];
        for [one, other] in alike {
            assert_eq!(canonical(&one), canonical(&other), "{one} {other}");
        }
        let different = [
            [
                json!(9_007_199_254_740_993_u64),
                json!(9_007_199_254_740_992.0),
            ],
            [json!(u64::MAX), json!(18_446_744_073_709_551_616.0)],
            [json!(0), json!(5e-324)],
        ];
        for [one, other] in different {
            assert_ne!(canonical(&one), canonical(&other), "{one} {other}");
        }
    }
}
