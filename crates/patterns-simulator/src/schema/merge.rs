//! Takes two schemas that both apply for one.

use serde_json::{Map, Value, json};

/// Returns a schema for what satisfies both, as closely as one schema can say it. Where both have
/// an opinion, `second` is heard; whether that was right is left to the validator.
pub(super) fn merge(first: &Map<String, Value>, second: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = first.clone();
    for (key, value) in second {
        let value = match merged.get(key) {
            Some(before) => both(key, before, value),
            None => value.clone(),
        };
        merged.insert(key.clone(), value);
    }
    merged
}

fn both(key: &str, before: &Value, value: &Value) -> Value {
    match (key, before, value) {
        ("properties", Value::Object(before), Value::Object(value)) => {
            let mut properties = before.clone();
            for (name, value) in value {
                let value = match before.get(name) {
                    Some(before) => json!({ "allOf": [before, value] }),
                    None => value.clone(),
                };
                properties.insert(name.clone(), value);
            }
            Value::Object(properties)
        }
        ("required" | "allOf", Value::Array(before), Value::Array(value)) => {
            before.iter().chain(value).cloned().collect()
        }
        ("minimum" | "exclusiveMinimum" | "minLength" | "minItems", ..) => {
            of_two(before, value, f64::gt)
        }
        ("maximum" | "exclusiveMaximum" | "maxLength" | "maxItems", ..) => {
            of_two(before, value, f64::lt)
        }
        _ => value.clone(),
    }
}

fn of_two(before: &Value, value: &Value, tighter: fn(&f64, &f64) -> bool) -> Value {
    match (before.as_f64(), value.as_f64()) {
        (Some(first), Some(second)) if tighter(&first, &second) => before.clone(),
        _ => value.clone(),
    }
}
