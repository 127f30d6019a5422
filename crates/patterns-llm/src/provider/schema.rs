//! Puts a schema into the dialect that a provider can hold its models to. What that lacks is said in the
//! description instead, where the model reads it; every answer is checked against the whole schema here.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// What a dialect lacks.
pub(super) struct Lacks {
    /// Limits, among [`LIMITS`].
    pub(super) limits: &'static [&'static str],
    /// Limits of how many items a list has at least, above this number.
    pub(super) items_above: Option<u64>,
    /// Patterns of this kind.
    pub(super) pattern: fn(&str) -> bool,
    /// `const`, which a list of one value can stand for.
    pub(super) constants: bool,
    /// Values in lists that are no plain ones.
    pub(super) nested_values: bool,
}

/// Limits and how they are said in words.
const LIMITS: [(&str, &str); 9] = [
    ("minimum", "at least"),
    ("maximum", "at most"),
    ("exclusiveMinimum", "more than"),
    ("exclusiveMaximum", "less than"),
    ("multipleOf", "a multiple of"),
    ("minLength", "characters at least:"),
    ("maxLength", "characters at most:"),
    ("minItems", "items at least:"),
    ("maxItems", "items at most:"),
];

/// Returns a schema without what a dialect lacks.
pub(super) fn without(schema: &Value, lacks: &Lacks) -> Value {
    let mut schema = schema.clone();
    plain(&mut schema, lacks);
    schema
}

fn plain(schema: &mut Value, lacks: &Lacks) {
    let Value::Object(map) = schema else { return };
    if lacks.constants
        && let Some(value) = map.shift_remove("const")
    {
        map.insert("enum".to_owned(), json!([value]));
    }
    say_limits(map, lacks);
    for (keyword, value) in map.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => {
                named.values_mut().for_each(|it| plain(it, lacks));
            }
            ("anyOf" | "allOf", Value::Array(list)) => {
                list.iter_mut().for_each(|it| plain(it, lacks));
            }
            ("items", inner) => plain(inner, lacks),
            _ => {}
        }
    }
}

/// Moves what the dialect does not have into the description.
fn say_limits(map: &mut Map<String, Value>, lacks: &Lacks) {
    let mut said = Vec::new();
    for (keyword, words) in LIMITS {
        let is_many = || map.get(keyword).and_then(Value::as_u64) > lacks.items_above;
        let is_lacking = match keyword {
            "minItems" if lacks.items_above.is_some() => is_many(),
            _ => lacks.limits.contains(&keyword),
        };
        if is_lacking && let Some(limit) = map.shift_remove(keyword) {
            said.push(format!("{words} {limit}"));
        }
    }
    let pattern = map.get("pattern").and_then(Value::as_str);
    if let Some(pattern) = pattern.filter(|it| (lacks.pattern)(it)) {
        said.push(format!("matches {pattern}"));
        map.shift_remove("pattern");
    }
    let is_plain = |it: &Value| !it.is_object() && !it.is_array();
    let values = map.get("enum").and_then(Value::as_array);
    let values = values.filter(|it| lacks.nested_values && !it.iter().all(is_plain));
    if let Some(values) = values {
        said.push(format!("one of {}", Value::Array(values.clone())));
        map.shift_remove("enum");
    }
    if said.is_empty() {
        return;
    }
    let said = format!("({})", said.join(", "));
    let description = match map.get("description").and_then(Value::as_str) {
        Some(words) => format!("{words} {said}"),
        None => said,
    };
    map.insert("description".to_owned(), Value::String(description));
}

/// Finds a definition that refers to itself, directly or through others.
pub(super) fn circle(schema: &Value) -> Option<String> {
    let definitions = schema.get("$defs")?.as_object()?;
    let edges: HashMap<&str, Vec<&str>> = definitions
        .iter()
        .map(|(name, definition)| (name.as_str(), references(definition)))
        .collect();
    definitions.keys().find_map(|start| {
        let (mut due, mut seen) = (edges[start.as_str()].clone(), Vec::new());
        while let Some(name) = due.pop() {
            if name == start {
                return Some(start.clone());
            }
            if !seen.contains(&name) {
                seen.push(name);
                due.extend(edges.get(name).into_iter().flatten().copied());
            }
        }
        None
    })
}

fn references(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Object(map) => {
            let own = map.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|it| it.strip_prefix("#/$defs/"));
            let inner = map.values().flat_map(references);
            own.into_iter().chain(inner).collect()
        }
        Value::Array(list) => list.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a snapshot")]
    fn what_the_dialect_lacks_is_said_in_the_description() {
        let schema = json!({"type": "object", "properties": {
            "minimum": {"type": "integer", "minimum": 1, "maximum": 5, "description": "A mark."},
            "names": {"type": "array", "minItems": 1, "maxItems": 3,
                "items": {"type": "string", "maxLength": 9}},
            "code": {"type": "string", "pattern": "^[a-z]{2,9}$"},
            "year": {"type": "string", "pattern": "^[0-9]+$"},
            "kind": {"const": "a"},
            "pair": {"enum": [[1], null]},
            "state": {"anyOf": [{"type": "number", "multipleOf": 0.5}, {"type": "null"}]},
        }, "required": ["minimum"], "additionalProperties": false});
        let lacks = Lacks {
            limits: &["minimum", "maximum", "multipleOf", "maxItems", "maxLength"],
            items_above: Some(1),
            pattern: |it| it.contains('{'),
            constants: true,
            nested_values: true,
        };
        insta::assert_json_snapshot!(without(&schema, &lacks), @r#"
        {
          "type": "object",
          "properties": {
            "minimum": {
              "type": "integer",
              "description": "A mark. (at least 1, at most 5)"
            },
            "names": {
              "type": "array",
              "minItems": 1,
              "items": {
                "type": "string",
                "description": "(characters at most: 9)"
              },
              "description": "(items at most: 3)"
            },
            "code": {
              "type": "string",
              "description": "(matches ^[a-z]{2,9}$)"
            },
            "year": {
              "type": "string",
              "pattern": "^[0-9]+$"
            },
            "kind": {
              "enum": [
                "a"
              ]
            },
            "pair": {
              "description": "(one of [[1],null])"
            },
            "state": {
              "anyOf": [
                {
                  "type": "number",
                  "description": "(a multiple of 0.5)"
                },
                {
                  "type": "null"
                }
              ]
            }
          },
          "required": [
            "minimum"
          ],
          "additionalProperties": false
        }
        "#);
    }

    #[test]
    fn a_definition_that_refers_to_itself_is_found() {
        let node = |to: &str| json!({"type": "object", "properties": {"next": {"$ref": to}}});
        let schema = |definitions: Value| json!({"type": "object", "$defs": definitions});
        let table = [
            (json!({"A": node("#/$defs/A")}), Some("A")),
            (
                json!({"A": node("#/$defs/B"), "B": node("#/$defs/A")}),
                Some("A"),
            ),
            (
                json!({"A": node("#/$defs/B"), "B": {"type": "string"}}),
                None,
            ),
            (
                json!({"A": node("#/$defs/C"), "B": node("#/$defs/B")}),
                Some("B"),
            ),
        ];
        for (definitions, name) in table {
            assert_eq!(circle(&schema(definitions)).as_deref(), name);
        }
    }
}
