//! A follow-up: its schema, which is the lists of an answer, and how what it finds is added to these.

use std::collections::HashSet;

use patterns_core::SchemaView;
use serde_json::{Map, Value};

use crate::canonical::canonical;
use crate::normalise;

/// Returns the schema of what may have been missed; `None` if answers of `schema` have no list of
/// their own that can grow.
///
/// Only the fields that are lists without a longest length are in it, since nothing else can be added
/// to; and they may be empty, or a model that has missed nothing would have to invent something.
pub(super) fn follow_up_schema(schema: &Value) -> Option<Value> {
    let properties = SchemaView::new(schema).properties();
    let lists = properties.into_iter().filter_map(|(name, property)| {
        let alternatives: Vec<SchemaView<'_>> = property.alternatives().collect();
        let views = std::iter::once(&property).chain(&alternatives);
        let mut schemas = views.flat_map(SchemaView::schemas);
        Some((name.to_owned(), schemas.find_map(|it| own_list(it))?))
    });
    let lists: Map<String, Value> = lists.collect();
    if lists.is_empty() {
        return None;
    }
    let required: Vec<Value> = lists.keys().cloned().map(Value::String).collect();
    let mut follow_up = schema.as_object()?.clone();
    let title = schema
        .get("title")
        .and_then(Value::as_str)
        .unwrap_or("answer");
    follow_up.insert("title".to_owned(), Value::String(format!("{title}_missed")));
    follow_up.insert("properties".to_owned(), Value::Object(lists));
    follow_up.insert("required".to_owned(), Value::Array(required));
    for rule in [
        "$ref",
        "minProperties",
        "dependentRequired",
        "allOf",
        "anyOf",
        "oneOf",
        "if",
        "then",
        "else",
    ] {
        follow_up.remove(rule);
    }
    Some(Value::Object(follow_up))
}

/// Returns the schema of a list that may be empty, if `schema` is one of a list that can grow.
fn own_list(schema: &Value) -> Option<Value> {
    let mut list = schema.as_object()?.clone();
    let is_list = match list.get("type")? {
        Value::String(name) => name == "array",
        Value::Array(names) => names.iter().any(|it| it == "array"),
        _ => false,
    };
    // What has a bound could grow beyond it.
    let is_bounded = ["maxItems", "maxContains", "prefixItems"].map(|it| list.contains_key(it));
    if !is_list || is_bounded.contains(&true) {
        return None;
    }
    list.insert("type".to_owned(), Value::String("array".to_owned()));
    for rule in ["minItems", "contains", "minContains", "default"] {
        list.remove(rule);
    }
    Some(Value::Object(list))
}

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
    let mut known: HashSet<String> = list.iter().filter_map(identity).collect();
    let before = list.len();
    for item in more {
        if identity(&item).is_some_and(|it| known.insert(it)) {
            list.push(item);
        }
    }
    (list.len() - before) as u64
}

/// Returns the form in which items are compared; `None` for what says nothing.
fn identity(item: &Value) -> Option<String> {
    match item {
        Value::Null => None,
        Value::String(text) if normalise(text).is_none() => None,
        _ => Some(canonical(item)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_lists_are_asked_for_again_and_they_may_be_empty() {
        let schema = json!({
            "title": "people",
            "type": "object",
            "$defs": {"names": {"type": "array", "items": {"type": "string"}, "minItems": 2}},
            "properties": {
                "place": {"type": "string"},
                "people": {"type": "array", "items": {"type": "object"}, "minItems": 1},
                "aliases": {"$ref": "#/$defs/names"},
                "dates": {"type": ["array", "null"], "items": {"type": "string"}},
                "notes": {"anyOf": [{"type": "array", "items": {}}, {"type": "null"}]},
                "best": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            },
            "required": ["place", "people"],
            "additionalProperties": false,
        });
        let follow_up = follow_up_schema(&schema).unwrap();
        assert_eq!(
            follow_up,
            json!({
                "title": "people_missed",
                "type": "object",
                "$defs": {"names": {"type": "array", "items": {"type": "string"}, "minItems": 2}},
                "properties": {
                    "people": {"type": "array", "items": {"type": "object"}},
                    "aliases": {"type": "array", "items": {"type": "string"}},
                    "dates": {"type": "array", "items": {"type": "string"}},
                    "notes": {"type": "array", "items": {}},
                },
                "required": ["people", "aliases", "dates", "notes"],
                "additionalProperties": false,
            })
        );
    }

    #[test]
    fn lists_are_found_behind_references() {
        let schema = json!({"$ref": "#/$defs/All", "$defs": {
            "All": {"type": "object", "properties": {"names": {"anyOf": [{"$ref": "#/$defs/Names"}, {"type": "null"}]}}},
            "Names": {"type": "array", "items": {"type": "string"}},
        }});
        let lists = &follow_up_schema(&schema).unwrap()["properties"];
        assert_eq!(
            lists,
            &json!({"names": {"type": "array", "items": {"type": "string"}}})
        );
    }

    #[test]
    fn without_a_list_nothing_can_be_gleaned() {
        for schema in [
            json!({}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
            json!({"properties": {"a": {"$ref": "#/properties/a"}}}),
            json!({"properties": {"a": {"$ref": "https://elsewhere"}}}),
            json!({"type": "array", "items": {}}),
            json!({"properties": {"a": {"type": "array", "maxItems": 3}}}),
            json!({"properties": {"a": {"anyOf": 3}}}),
        ] {
            assert_eq!(follow_up_schema(&schema), None, "{schema}");
        }
    }

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
