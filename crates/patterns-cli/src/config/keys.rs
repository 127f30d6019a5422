//! The list of all keys, out of the schema: what the reference and the variables are made of.

use std::fmt::Write as _;

use patterns_core::{SchemaKind, SchemaView};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::schema::Config;

/// The sections whose keys have variables, and how those begin.
const VARIABLES: [(&str, &str); 6] = [
    ("run", "PATTERNS_"),
    ("section", "PATTERNS_SECTION_"),
    ("vote", "PATTERNS_VOTE_"),
    ("map_reduce", "PATTERNS_MAP_REDUCE_"),
    ("store", "PATTERNS_STORE_"),
    ("restate", "PATTERNS_RESTATE_"),
];

/// Returns the JSON Schema of a configuration, as it is published.
pub(crate) fn schema_json() -> String {
    let schema = schemars::schema_for!(Config);
    // A schema is plain data, which always has a written form.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Returns every variable with the path of the key that it sets.
pub(super) fn variables() -> Vec<(String, Vec<String>)> {
    let schema = inlined();
    let mut all = Vec::new();
    for (section, prefix) in VARIABLES {
        let keys = properties(&schema["properties"][section]);
        for key in keys.into_iter().flat_map(Map::keys) {
            let name = format!("{prefix}{}", key.to_ascii_uppercase());
            all.push((name, vec![section.to_owned(), key.clone()]));
        }
    }
    all
}

/// Returns every key with its type and its meaning, as Markdown.
pub(crate) fn reference() -> String {
    let schema = inlined();
    let mut text = String::new();
    for (section, of) in properties(&schema).into_iter().flatten() {
        let inner = of.get("additionalProperties").filter(|it| it.is_object());
        let title = match inner.and_then(properties) {
            Some(_) => format!("{section}.NAME"),
            None => section.clone(),
        };
        let _ = writeln!(text, "## [{title}]\n\n{}\n", meaning(of));
        match properties(inner.unwrap_or(of)) {
            Some(keys) => list(keys, "", &mut text),
            None => text.push_str("- `NAME` (text)\n"),
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Writes keys down, those of a table below it with its name before theirs.
fn list(keys: &Map<String, Value>, above: &str, text: &mut String) {
    for (key, of) in keys {
        let _ = writeln!(
            text,
            "- `{above}{key}` ({}): {}",
            kind(&SchemaView::new(of)),
            meaning(of)
        );
        let inner = of.get("additionalProperties").and_then(properties);
        if let Some(inner) = inner {
            list(inner, &format!("{above}{key}.NAME."), text);
        }
    }
}

fn inlined() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|it| it.inline_subschemas = true);
    settings
        .into_generator()
        .into_root_schema_for::<Config>()
        .into()
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

fn meaning(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names the type of a key.
fn kind(of: &SchemaView<'_>) -> String {
    let alternatives: Vec<String> = of.alternatives().map(|it| kind(&it)).collect();
    if !alternatives.is_empty() {
        return either(alternatives);
    }
    if let SchemaKind::Choice(values) = of.kind() {
        let values = values.into_iter().filter_map(Value::as_str);
        return either(values.map(str::to_owned).collect());
    }
    let one = |name: &&str| match *name {
        "boolean" => "true or false",
        "integer" => "whole number",
        "number" => "number",
        "string" => "text",
        "object" => "table",
        _ => "list",
    };
    match of.type_names().as_slice() {
        [] => "anything".to_owned(),
        names => either(names.iter().map(|it| one(it).to_owned()).collect()),
    }
}

/// Lists names with an "or" before the last.
fn either(mut names: Vec<String>) -> String {
    names.dedup();
    match names.pop() {
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} or {last}", names.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_type_and_a_meaning() {
        let reference = reference();
        for line in reference.lines().filter(|it| it.starts_with("- ")) {
            let has_meaning = line.split_once("): ").is_some_and(|it| it.1.len() > 10);
            assert!(has_meaning || line == "- `NAME` (text)", "{line}");
            assert!(!line.contains("(null") && !line.contains("()"), "{line}");
        }
        for known in [
            "- `hedge` (true or false)",
            "- `prices.NAME.input` (number or text)",
        ] {
            assert!(reference.contains(known), "{known}\n{reference}");
        }
    }

    #[test]
    fn the_page_and_the_published_schema_are_those_of_the_code() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let read = |name: &str| std::fs::read_to_string(format!("{root}/{name}")).unwrap();
        let help = "run `cargo xtask reference`";
        assert!(read("schema/config.json") == schema_json(), "{help}");
        assert!(
            read("docs/configuration.md").ends_with(&reference()),
            "{help}"
        );
    }
}
