//! Finds a schema whose every value needs another one within, without an end: no answer can keep it, and
//! each would be paid for several times.
//!
//! What can end is found from below: first what refers to nothing, then what refers to that, until nothing
//! is added. What is left refers to itself whatever way is taken.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::super::references::{resolve, targets};

/// Returns where the first reference is that no finite value can follow, if the schema needs one.
pub(in super::super) fn endless(root: &Value) -> Option<String> {
    let all: HashSet<&str> = targets(root).into_iter().collect();
    let mut ending: HashSet<&str> = HashSet::new();
    loop {
        let ends = |it: &&&str| match resolve(root, it) {
            Some(schema) => !ending.contains(**it) && can_end(schema, &ending),
            // Told elsewhere.
            None => !ending.contains(**it),
        };
        let more: Vec<&str> = all.iter().filter(ends).copied().collect();
        if more.is_empty() {
            break;
        }
        ending.extend(more);
    }
    match can_end(root, &ending) {
        true => None,
        false => first_endless(root, &ending, ""),
    }
}

/// Returns whether there is a value of a schema that has an end, given which references have one.
fn can_end(schema: &Value, ending: &HashSet<&str>) -> bool {
    let Some(map) = schema.as_object() else {
        return true;
    };
    let refers = map.get("$ref").and_then(Value::as_str);
    let all_of = list(map, "allOf").all(|it| can_end(it, ending));
    let any_of = ["anyOf", "oneOf"].into_iter().all(|keyword| {
        let mut list = list(map, keyword).peekable();
        list.peek().is_none() || list.any(|it| can_end(it, ending))
    });
    refers.is_none_or(|it| ending.contains(it)) && all_of && any_of && own_can_end(map, ending)
}

/// Returns whether what the schema itself says leaves a value with an end.
fn own_can_end(map: &Map<String, Value>, ending: &HashSet<&str>) -> bool {
    let is_other = |it: &Value| !matches!(it.as_str(), Some("object" | "array"));
    let may_be_other = match map.get("type") {
        Some(Value::Array(types)) => types.iter().any(is_other),
        Some(one) => is_other(one),
        None => false,
    };
    if may_be_other || map.contains_key("enum") || map.contains_key("const") {
        return true;
    }
    let required = list(map, "required").filter_map(Value::as_str);
    let mut required = required.filter_map(|name| map.get("properties")?.get(name));
    let least = map.get("minItems").and_then(Value::as_u64).unwrap_or(0);
    let items = map.get("items").filter(|_| least > 0);
    required.all(|it| can_end(it, ending)) && items.is_none_or(|it| can_end(it, ending))
}

fn list<'a>(map: &'a Map<String, Value>, keyword: &str) -> impl Iterator<Item = &'a Value> {
    map.get(keyword)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn first_endless(schema: &Value, ending: &HashSet<&str>, pointer: &str) -> Option<String> {
    let parts: Vec<(String, &Value)> = match schema {
        Value::Object(map) => {
            let refers = map.get("$ref").and_then(Value::as_str);
            if refers.is_some_and(|it| !ending.contains(it)) {
                return Some(pointer.to_owned());
            }
            let escaped = |name: &String| name.replace('~', "~0").replace('/', "~1");
            map.iter().map(|(name, it)| (escaped(name), it)).collect()
        }
        Value::Array(items) => (0..)
            .zip(items)
            .map(|(n, it): (usize, _)| (n.to_string(), it))
            .collect(),
        _ => return None,
    };
    let mut parts = parts.into_iter();
    parts.find_map(|(name, it)| first_endless(it, ending, &format!("{pointer}/{name}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(properties: Value, node: Value) -> Option<String> {
        let names: Vec<String> = properties.as_object().unwrap().keys().cloned().collect();
        endless(&json!({
            "type": "object", "properties": properties, "required": names, "$defs": {"Node": node},
        }))
    }

    #[test]
    fn what_no_finite_value_keeps_is_found_and_nothing_else() {
        let to = json!({"$ref": "#/$defs/Node"});
        let with = |next: &Value| json!({"type": "object", "properties": {"next": next}, "required": ["next"]});
        let place = Some("/properties/a".to_owned());
        for (node, is_endless) in [
            (with(&to), true),
            (to.clone(), true),
            (
                with(&json!({"type": "array", "items": to, "minItems": 1})),
                true,
            ),
            (with(&json!({"anyOf": [to, with(&to)]})), true),
            (with(&json!({"allOf": [{"type": "object"}, to]})), true),
            (with(&json!({"$ref": "#"})), true),
            (with(&json!({"type": "array", "items": to})), false),
            (with(&json!({"anyOf": [to, {"type": "null"}]})), false),
            (
                with(
                    &json!({"type": ["object", "null"], "properties": {"n": to}, "required": ["n"]}),
                ),
                false,
            ),
            (json!({"type": "object", "properties": {"next": to}}), false),
            (with(&json!({"enum": ["leaf"]})), false),
        ] {
            let expected = place.clone().filter(|_| is_endless);
            assert_eq!(of(json!({"a": to}), node.clone()), expected, "{node}");
        }
        // What is not needed may be without an end.
        let mut schema =
            json!({"type": "object", "properties": {"a": to}, "$defs": {"Node": with(&to)}});
        assert_eq!(endless(&schema), None);
        schema["required"] = json!(["a"]);
        assert_eq!(endless(&schema), place);
    }
}
