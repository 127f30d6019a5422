//! Brings a schema into one form, before anything else is done with it.
//!
//! Schemas come from generators of many ages. What they say in ways that JSON Schema does not know
//! (OpenAPI's `nullable`), or that validators refuse though the meaning is plain (references by
//! path, unescaped names in them, a lone brace in a pattern), is rewritten here, so that what is
//! sent and what answers are held to is the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::pattern::portable;
use super::references::{definition_name, resolve};

/// Schemas within schemas are followed no deeper than this; [`Strict`](super::Strict) says so.
const MAX_DEPTH: usize = 128;

/// The most places that are given a name; other references stay, and are refused with their place.
const MAX_NAMED: usize = 200;

/// Returns `schema` in its normal form.
pub(super) fn normal(mut schema: Value) -> Value {
    name_targets(&mut schema);
    each_schema(&mut schema, 0, &mut |map| {
        if let Some(Value::String(pattern)) = map.get_mut("pattern") {
            *pattern = portable(pattern);
        }
        accept_null(map);
    });
    schema
}

/// Lets a schema that OpenAPI 3.0 or Swagger calls nullable accept null. The mark stays, since there
/// nobody tells null from absent.
fn accept_null(map: &mut Map<String, Value>) {
    let yes = Some(&Value::Bool(true));
    if map.get("nullable") != yes && map.get("x-nullable") != yes {
        return;
    }
    map.remove("nullable");
    map.remove("x-nullable");
    if !map.contains_key("type") && map.contains_key("properties") {
        map.insert("type".to_owned(), json!("object"));
    }
    if let Some(Value::String(name)) = map.get("type")
        && ["$ref", "const", "allOf", "oneOf", "anyOf"]
            .iter()
            .all(|it| !map.contains_key(*it))
    {
        let both = json!([name, "null"]);
        map.insert("type".to_owned(), both);
        if let Some(Value::Array(values)) = map.get_mut("enum")
            && !values.contains(&Value::Null)
        {
            values.push(Value::Null);
        }
    } else if map.keys().any(|it| !ANNOTATIONS.contains(&it.as_str())) {
        let mut inner = std::mem::take(map);
        for annotation in ANNOTATIONS {
            map.extend(inner.remove_entry(annotation));
        }
        map.insert("anyOf".to_owned(), json!([inner, {"type": "null"}]));
    }
    map.insert("nullable".to_owned(), Value::Bool(true));
}

const ANNOTATIONS: [&str; 4] = ["title", "description", "default", "example"];

/// Gives a name among the definitions to every place of the schema that is referred to by its path,
/// and escapes what a reference may not contain.
fn name_targets(root: &mut Value) {
    let own = ["$id", "id"].iter().find_map(|it| root.get(*it)?.as_str());
    let own = own.map(|it| it.trim_end_matches('#').to_owned());
    let local = |target: &str| match own.as_deref().filter(|it| !it.is_empty()) {
        Some(own) => target
            .strip_prefix(own)
            .filter(|it| it.starts_with('#'))
            .unwrap_or(target)
            .to_owned(),
        None => target.to_owned(),
    };
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut found = Map::new();
    let mut targets = Vec::new();
    each_schema(root, 0, &mut |map| {
        targets.extend(map.get("$ref").and_then(Value::as_str).map(local));
    });
    for target in targets {
        let is_named = target == "#" || definition_name(&target).is_some();
        if is_named || names.contains_key(&target) || names.len() == MAX_NAMED {
            continue;
        }
        if let Some(schema) = resolve(root, &target).filter(|it| it.is_object()) {
            let name = free_name(root, &found, &target);
            found.insert(name.clone(), schema.clone());
            names.insert(target, format!("#/$defs/{name}"));
        }
    }
    if !found.is_empty()
        && let Value::Object(map) = root
        && let Value::Object(definitions) = map.entry("$defs").or_insert_with(|| json!({}))
    {
        definitions.extend(found);
    }
    each_schema(root, 0, &mut |map| {
        if let Some(Value::String(target)) = map.get_mut("$ref") {
            let here = local(target);
            *target = names.get(&here).cloned().unwrap_or_else(|| escaped(&here));
        }
    });
}

/// Returns a name for what `target` refers to that no definition has.
fn free_name(root: &Value, found: &Map<String, Value>, target: &str) -> String {
    let is_word = |it: &&str| it.starts_with(|it: char| it.is_ascii_alphabetic());
    let last = target.rsplit('/').find(is_word).unwrap_or("part");
    let letters = last.chars().filter(char::is_ascii_alphanumeric);
    let name: String = letters.collect();
    let is_taken = |name: &str| {
        let mut homes = ["$defs", "definitions"]
            .iter()
            .filter_map(|it| root.get(*it));
        found.contains_key(name) || homes.any(|it| it.get(name).is_some())
    };
    let numbered = (2..).map(|n| format!("{name}{n}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|it| !is_taken(it)).unwrap_or(name.clone())
}

/// Escapes what may not stand in the fragment of a URI.
fn escaped(target: &str) -> String {
    let Some((before, fragment)) = target.split_once('#') else {
        return target.to_owned();
    };
    let mut escaped = format!("{before}#");
    for byte in fragment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// Calls `change` with every schema within `schema`, the inner ones first.
fn each_schema(schema: &mut Value, depth: usize, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Value::Object(map) = schema else { return };
    if depth == MAX_DEPTH {
        return;
    }
    for (keyword, value) in map.iter_mut() {
        match (keyword.as_str(), value) {
            (
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
                Value::Object(named),
            ) => {
                for inner in named.values_mut() {
                    each_schema(inner, depth + 1, change);
                }
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems" | "items", Value::Array(list)) => {
                for inner in list {
                    each_schema(inner, depth + 1, change);
                }
            }
            (
                "items"
                | "additionalProperties"
                | "not"
                | "if"
                | "then"
                | "else"
                | "contains"
                | "propertyNames"
                | "unevaluatedItems"
                | "unevaluatedProperties",
                inner @ Value::Object(_),
            ) => each_schema(inner, depth + 1, change),
            _ => {}
        }
    }
    change(map);
}

#[cfg(test)]
mod tests;
