//! What happens to single keywords on the way to the strict dialect.

use serde_json::{Map, Value, json};

use crate::contract::pattern::looks_around;

/// String formats that strict decoding knows; others are checked here only.
const FORMATS: [&str; 9] = [
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uuid",
];

/// Keywords that strict decoding knows. The others annotate or constrain without changing the
/// shape; answers are validated against the full schema anyway.
const KEPT: [&str; 21] = [
    "$ref",
    "description",
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "anyOf",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
];

/// Says a bound as drafts since 6 do: in draft 4 a boolean beside it makes it exclusive.
pub(super) fn draft_4_bounds(map: &mut Map<String, Value>) {
    for (exclusive, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        let Some(&Value::Bool(is_exclusive)) = map.get(exclusive) else {
            continue;
        };
        map.remove(exclusive);
        if is_exclusive && let Some(value) = map.remove(bound) {
            map.insert(exclusive.to_owned(), value);
        }
    }
}

pub(super) fn keep_supported(map: &mut Map<String, Value>) {
    map.retain(|keyword, value| match keyword.as_str() {
        "format" => value.as_str().is_some_and(|it| FORMATS.contains(&it)),
        "pattern" => !value.as_str().is_some_and(looks_around),
        keyword => KEPT.contains(&keyword),
    });
}

/// Adds what `target` says and `map` does not; properties and required names are united.
///
/// An internally tagged enum, for one, puts the tag beside a reference to the variant's content.
pub(super) fn merge(map: &mut Map<String, Value>, target: Map<String, Value>) {
    for (keyword, value) in target {
        let Some(own) = map.get_mut(&keyword) else {
            map.insert(keyword, value);
            continue;
        };
        match (keyword.as_str(), own, value) {
            ("properties", Value::Object(own), Value::Object(theirs)) => {
                for (name, property) in theirs {
                    own.entry(name).or_insert(property);
                }
            }
            ("required", Value::Array(own), Value::Array(theirs)) => {
                for name in theirs {
                    if !own.contains(&name) {
                        own.push(name);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Says the type of a schema that only implies it.
pub(super) fn infer_type(map: &mut Map<String, Value>) {
    const SAID: [&str; 6] = ["type", "$ref", "enum", "const", "anyOf", "oneOf"];
    if SAID.iter().any(|keyword| map.contains_key(*keyword)) {
        return;
    }
    for (keyword, name) in [("properties", "object"), ("items", "array")] {
        if map.contains_key(keyword) {
            map.insert("type".to_owned(), json!(name));
            return;
        }
    }
}

/// Returns the values of an `oneOf` that merely enumerates constants (an enum with doc comments).
pub(super) fn constants(one_of: &Value) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    for alternative in one_of.as_array()? {
        match (alternative.get("const"), alternative.get("enum")) {
            (Some(value), _) => values.push(value.clone()),
            (None, Some(Value::Array(several))) => values.extend(several.iter().cloned()),
            _ => return None,
        }
    }
    Some(values)
}

pub(super) fn describe_constants(map: &mut Map<String, Value>, one_of: &Value, values: Vec<Value>) {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(
        map.get("description")
            .and_then(Value::as_str)
            .map(str::to_owned),
    );
    for alternative in one_of.as_array().into_iter().flatten() {
        if let (Some(value), Some(text)) =
            (alternative.get("const"), alternative.get("description"))
        {
            lines.push(format!("{value}: {}", text.as_str().unwrap_or_default()));
        }
    }
    if !lines.is_empty() {
        map.insert("description".to_owned(), Value::String(lines.join("\n")));
    }
    map.insert("enum".to_owned(), Value::Array(values));
}

/// Says the type of a schema that only lists its values; some providers insist on it.
pub(super) fn type_values(map: &mut Map<String, Value>) {
    let values = match (map.get("enum"), map.get("const")) {
        _ if map.contains_key("type") => return,
        (Some(Value::Array(values)), _) => values.as_slice(),
        (_, Some(value)) => std::slice::from_ref(value),
        _ => return,
    };
    let mut names: Vec<Value> = Vec::new();
    for value in values {
        let name = json!(match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) | Value::Object(_) => return,
        });
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let said = match names.len() {
        0 => return,
        1 => names.remove(0),
        _ => Value::Array(names),
    };
    map.insert("type".to_owned(), said);
}

/// Lets a schema accept `null` too.
pub(super) fn make_nullable(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    // Not called `null`: within `json!` that is a literal.
    let nothing = json!({"type": "null"});
    if map.contains_key("$ref") || map.get("const").is_some_and(|it| !it.is_null()) {
        let inner = std::mem::take(map);
        map.insert("anyOf".to_owned(), json!([inner, nothing]));
        return;
    }
    let add = |list: Option<&mut Value>, item: Value| {
        if let Some(Value::Array(list)) = list
            && !list.contains(&item)
        {
            list.push(item);
        }
    };
    if let Some(Value::String(name)) = map.get("type")
        && name != "null"
    {
        let both = json!([name, "null"]);
        map.insert("type".to_owned(), both);
    }
    add(map.get_mut("type"), json!("null"));
    add(map.get_mut("enum"), Value::Null);
    add(map.get_mut("anyOf"), nothing);
}

pub(super) fn has_type(map: &Map<String, Value>, name: &str) -> bool {
    match map.get("type") {
        Some(Value::String(it)) => it == name,
        Some(Value::Array(names)) => names.iter().any(|it| it == name),
        _ => false,
    }
}
