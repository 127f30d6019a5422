//! Follows references within one JSON Schema document; others are never looked at.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Returns what `target`, such as `#/$defs/Item`, refers to in `root`.
pub(crate) fn resolve<'a>(root: &'a Value, target: &str) -> Option<&'a Value> {
    root.pointer(&percent_decoded(target.strip_prefix('#')?)?)
}

/// Returns the name in a reference to a top-level definition.
pub(super) fn definition_name(target: &str) -> Option<String> {
    let name = target
        .strip_prefix("#/$defs/")
        .or_else(|| target.strip_prefix("#/definitions/"))?;
    if name.contains('/') {
        return None;
    }
    Some(percent_decoded(name)?.replace("~1", "/").replace("~0", "~"))
}

/// Returns the targets of all references in `schema`, in the order of the text.
pub(super) fn targets(schema: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    collect_targets(schema, &mut found);
    found
}

fn collect_targets<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    match schema {
        Value::Object(map) => {
            for (keyword, value) in map {
                match value {
                    Value::String(target) if keyword == "$ref" => found.push(target),
                    value => collect_targets(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|it| collect_targets(it, found)),
        _ => {}
    }
}

/// Returns whether following references from the definition `name` leads back to it.
pub(super) fn is_recursive(definitions: &Map<String, Value>, name: &str) -> bool {
    let mut seen = HashSet::new();
    let mut due = vec![name.to_owned()];
    while let Some(next) = due.pop() {
        let Some(definition) = definitions.get(&next) else {
            continue;
        };
        for found in targets(definition).into_iter().filter_map(definition_name) {
            if found == name {
                return true;
            }
            if seen.insert(found.clone()) {
                due.push(found);
            }
        }
    }
    false
}

/// References are URI fragments: everything unusual in a name is written as `%` and two digits.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}
