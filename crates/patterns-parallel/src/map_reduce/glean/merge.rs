//! Puts the lists of two answers together, each item once.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::normalise;

/// Adds to `found` what is new in `more`, and returns how many items that were.
///
/// Lists are united: those of two objects field by field, or two bare lists. Items are equal if they
/// differ in spelling, in the order of their fields, or in how a number is written. All else in
/// `found` stays as it is.
pub(super) fn merge(found: &mut Value, more: Value) -> u64 {
    match (found, more) {
        (Value::Array(found), Value::Array(more)) => unite(found, more),
        (Value::Object(found), Value::Object(more)) => more
            .into_iter()
            .map(|(name, more)| field(found, name, more))
            .sum(),
        _ => 0,
    }
}

fn field(found: &mut Map<String, Value>, name: String, more: Value) -> u64 {
    let Value::Array(more) = more else { return 0 };
    match found.get_mut(&name) {
        Some(Value::Array(list)) => unite(list, more),
        Some(Value::Null) | None => {
            let mut list = Vec::new();
            let new = unite(&mut list, more);
            if new > 0 {
                found.insert(name, Value::Array(list));
            }
            new
        }
        Some(_) => 0,
    }
}

fn unite(list: &mut Vec<Value>, more: Vec<Value>) -> u64 {
    let mut known: HashSet<Value> = list.iter().map(identity).collect();
    let before = list.len();
    for item in more {
        let identity = identity(&item);
        if !identity.is_null() && known.insert(identity) {
            list.push(item);
        }
    }
    (list.len() - before) as u64
}

/// Returns the form in which items are compared; null for what says nothing.
fn identity(item: &Value) -> Value {
    match item {
        Value::String(text) => normalise(text).map_or(Value::Null, Value::String),
        Value::Number(number) => match number.as_f64() {
            // Above that not every whole number has a floating-point one of its own.
            Some(it) if it.fract() == 0.0 && it.abs() < 9e15 => Value::from(it as i64),
            _ => item.clone(),
        },
        Value::Array(items) => items.iter().map(identity).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields
                .iter()
                .map(|(name, value)| (name.clone(), identity(value)))
                .collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().collect())
        }
        Value::Null | Value::Bool(_) => item.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(mut found: Value, more: Value, merged: Value, new: u64) {
        assert_eq!(merge(&mut found, more), new);
        assert_eq!(found, merged);
    }

    #[test]
    fn lists_are_united() {
        check(json!(["a"]), json!(["A.", "b", "b "]), json!(["a", "b"]), 1);
        check(
            json!({"n": 1, "items": [{"name": "Ann", "age": 3}]}),
            json!({"n": 2, "items": [{"age": 3.0, "name": "ANN"}, {"name": "Bob", "age": 3}]}),
            json!({"n": 1, "items": [{"name": "Ann", "age": 3}, {"name": "Bob", "age": 3}]}),
            1,
        );
    }

    #[test]
    fn what_says_nothing_is_not_new() {
        check(
            json!({"a": []}),
            json!({"a": ["", null, " "]}),
            json!({"a": []}),
            0,
        );
        check(
            json!({"a": null}),
            json!({"a": [], "b": []}),
            json!({"a": null}),
            0,
        );
        check(
            json!({"a": null}),
            json!({"a": ["x"]}),
            json!({"a": ["x"]}),
            1,
        );
        check(json!({"a": "x"}), json!({"a": ["y"]}), json!({"a": "x"}), 0);
        check(json!("a"), json!(["b"]), json!("a"), 0);
    }

    #[test]
    fn large_numbers_stay_apart() {
        let (a, b) = (9_007_199_254_740_993_u64, 9_007_199_254_740_992_u64);
        check(json!([a]), json!([b]), json!([a, b]), 1);
    }

    proptest! {
        #[test]
        fn merging_again_adds_nothing(
            first in prop::collection::vec("[aB .]{0,3}", 0..8),
            second in prop::collection::vec("[aB .]{0,3}", 0..8),
        ) {
            let mut found = json!({"items": first});
            let more = json!({"items": second});
            let new = merge(&mut found, more.clone());
            prop_assert_eq!(found["items"].as_array().unwrap().len() as u64, first.len() as u64 + new);
            prop_assert_eq!(merge(&mut found, more), 0);
        }
    }
}
