//! What the keywords of one schema say about one type of value.

use serde_json::{Map, Value};

use super::node::Node;
use super::number::{IntegerRange, NumberRange};
use super::pattern::Pattern;
use super::text::{Format, Text};

/// The most items or characters that an instance is made to have.
const MAX_LENGTH: u64 = 1 << 16;

/// Keywords that no instance can violate.
const ANNOTATIONS: [&str; 12] = [
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
    "$schema",
    "$id",
    "$defs",
    "definitions",
];

const BOUNDS: [&str; 5] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

pub(super) fn is_annotation(key: &String) -> bool {
    ANNOTATIONS.contains(&&**key)
}

/// Returns the keywords that values of a type are drawn by.
pub(super) fn known(name: &str) -> &'static [&'static str] {
    match name {
        "object" => &["type", "properties", "required", "additionalProperties"],
        "array" => &["type", "items", "minItems", "maxItems"],
        "string" => &["type", "minLength", "maxLength", "format"],
        "integer" | "number" => &[
            "type",
            "format",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ],
        _ => &["type"],
    }
}

/// Tells whether all values that are drawn by the known keywords of a type satisfy them.
pub(super) fn promises(name: &str, map: &Map<String, Value>) -> bool {
    let has = |key: &str| map.contains_key(key);
    match name {
        // In older drafts, a list of schemas has one for each place.
        "array" => !map.get("items").is_some_and(Value::is_array),
        "string" => {
            let format = map.get("format").and_then(Value::as_str);
            let is_known = format.is_none_or(|it| Format::named(it).is_some());
            let is_free = !has("minLength") && !has("maxLength");
            is_known && (is_free || !has("format"))
        }
        // In older drafts, exclusive bounds are flags. Multiples of fractions are subject to
        // rounding, which is the validator's to judge.
        "integer" | "number" => {
            let bounds = BOUNDS.iter().filter_map(|key| map.get(*key));
            bounds.into_iter().all(Value::is_number)
                && map.get("multipleOf").is_none_or(Value::is_u64)
        }
        _ => true,
    }
}

pub(super) fn text(map: &Map<String, Value>) -> Result<Node, String> {
    let named = |key: &str| map.get(key).and_then(Value::as_str);
    let Some((min, max)) = bounds(map, "minLength", "maxLength")? else {
        return Ok(impossible());
    };
    Ok(Node::Text(Text {
        min,
        max,
        format: named("format").and_then(Format::named),
        pattern: named("pattern").and_then(Pattern::new),
    }))
}

pub(super) fn integer(map: &Map<String, Value>) -> Node {
    IntegerRange::new(map).map_or(impossible(), Node::Integer)
}

pub(super) fn number(map: &Map<String, Value>) -> Node {
    NumberRange::new(map).map_or(impossible(), Node::Number)
}

/// Returns how many items an array has at least and at most; `None` if no number would do.
pub(super) fn array_bounds(map: &Map<String, Value>) -> Result<Option<Bounds>, String> {
    bounds(map, "minItems", "maxItems")
}

type Bounds = (usize, Option<usize>);

fn impossible() -> Node {
    Node::Constant(Vec::new())
}

fn bounds(map: &Map<String, Value>, min: &str, max: &str) -> Result<Option<Bounds>, String> {
    // `3.0` is a valid length too.
    let length = |value: &Value| {
        value
            .as_u64()
            .or_else(|| value.as_f64().map(|it| it as u64))
    };
    let least = map.get(min).and_then(length).unwrap_or(0);
    if least > MAX_LENGTH {
        let message = format!("{min} is more than {MAX_LENGTH}, which is not simulated");
        return Err(message);
    }
    let most = map.get(max).and_then(length);
    if most.is_some_and(|most| most < least) {
        return Ok(None);
    }
    // Both fit, since they are no more than MAX_LENGTH.
    let most = most.map(|most| most.min(MAX_LENGTH) as usize);
    Ok(Some((least as usize, most)))
}

/// Returns the types that a schema allows; none if it does not say.
pub(super) fn types(map: &Map<String, Value>) -> Vec<&str> {
    match map.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Guesses what a schema without a type is about, from its keywords.
pub(super) fn likely_type(map: &Map<String, Value>) -> &'static str {
    let has = |keys: &[&str]| keys.iter().any(|key| map.contains_key(*key));
    match () {
        () if has(&["properties", "required", "additionalProperties"]) => "object",
        () if has(&["items", "minItems", "maxItems", "uniqueItems"]) => "array",
        () if has(&BOUNDS) => "number",
        () => "string",
    }
}

/// Tells whether a value is of a type.
pub(super) fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.as_f64().is_some_and(|it| it.fract() == 0.0),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    }
}
