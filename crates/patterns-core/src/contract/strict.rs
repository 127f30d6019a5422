//! Turns a JSON Schema into the strict dialect that providers can enforce while decoding.
//!
//! The dialect is that of OpenAI's structured outputs
//! (<https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>), which other
//! providers and grammar-constrained servers accept too: every object is closed and lists all its
//! properties as required, optional ones are nullable instead, alternatives are `anyOf`, and
//! references carry no siblings. What has no strict form (maps, tuples, free-form values) is
//! reported with its path, before anything is sent.

use std::fmt;

use schemars::Schema;
use schemars::transform::Transform;
use serde_json::{Map, Value, json};

/// A [`Transform`] into the strict dialect; collects what has no strict form.
///
/// ```
/// use patterns_core::Strict;
/// use schemars::transform::Transform;
///
/// let mut schema = schemars::json_schema!({
///     "type": "object",
///     "properties": { "name": { "type": "string" }, "age": { "type": "integer", "default": 0 } },
///     "required": ["name"]
/// });
/// let mut strict = Strict::default();
/// strict.transform(&mut schema);
/// assert!(strict.problems.is_empty());
/// assert_eq!(schema, schemars::json_schema!({
///     "type": "object",
///     "properties": { "name": { "type": "string" }, "age": { "type": ["integer", "null"] } },
///     "required": ["name", "age"],
///     "additionalProperties": false
/// }));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Strict {
    /// What could not be expressed; the transformed schema is strict if this stays empty.
    pub problems: Vec<SchemaProblem>,
}

/// A part of a schema that cannot be used, with its place and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaProblem {
    /// Where in the schema, as a JSON pointer.
    pub pointer: String,
    /// What is wrong there and what to write instead.
    pub message: String,
}

impl fmt::Display for SchemaProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}: {}", self.pointer, self.message)
    }
}

impl Transform for Strict {
    fn transform(&mut self, schema: &mut Schema) {
        let mut root = std::mem::take(schema).to_value();
        let definitions = root.get("$defs").cloned().unwrap_or_default();
        let mut walk = Walk {
            definitions,
            problems: Vec::new(),
        };
        walk.root(&mut root);
        self.problems.append(&mut walk.problems);
        if let Ok(strict) = Schema::try_from(root) {
            *schema = strict;
        }
    }
}

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
const KEPT: [&str; 19] = [
    "$ref",
    "$defs",
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
];

struct Walk {
    definitions: Value,
    problems: Vec<SchemaProblem>,
}

impl Walk {
    fn root(&mut self, root: &mut Value) {
        // A root that is only a reference stands for what it refers to.
        if let Some(target) = root.get("$ref").and_then(Value::as_str).map(str::to_owned)
            && let Some(resolved) = self.resolve(&target)
        {
            let definitions = self.definitions.clone();
            *root = resolved;
            root["$defs"] = definitions;
        }
        if root.get("type") != Some(&json!("object")) {
            let message = "the answer must be an object; wrap this schema in an object's property";
            self.problem("", message);
            return;
        }
        self.schema(root, "");
    }

    fn problem(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.push(SchemaProblem {
            pointer: pointer.to_owned(),
            message: message.into(),
        });
    }

    fn schema(&mut self, schema: &mut Value, pointer: &str) {
        let Value::Object(map) = schema else {
            let message = "accepts any value, which strict decoding cannot; give it a type";
            self.problem(pointer, message);
            return;
        };
        self.inline_reference(map);
        self.alternatives(map, pointer);
        self.object(map, pointer);
        self.array(map, pointer);
        if let Some(Value::Object(definitions)) = map.get_mut("$defs") {
            for (name, definition) in definitions {
                self.schema(definition, &join(pointer, &["$defs", name]));
            }
        }
        self.reference(map, pointer);
        keep_supported(map);
        let is_typed = ["type", "enum", "const", "anyOf", "$ref"]
            .iter()
            .any(|keyword| map.contains_key(*keyword));
        if !is_typed {
            let message = "accepts any value, which strict decoding cannot; give it a type";
            self.problem(pointer, message);
        }
    }

    /// Replaces a reference that has siblings by its target, unless the target is recursive.
    fn inline_reference(&mut self, map: &mut Map<String, Value>) {
        let Some(target) = map.get("$ref").and_then(Value::as_str).map(str::to_owned) else {
            return;
        };
        if map.len() == 1 {
            return;
        }
        let resolved = self.resolve(&target);
        match resolved {
            Some(Value::Object(resolved)) if !mentions(&resolved, &target) => {
                map.remove("$ref");
                for (keyword, value) in resolved {
                    map.entry(keyword).or_insert(value);
                }
            }
            _ => map.retain(|keyword, _| keyword == "$ref" || keyword == "$defs"),
        }
    }

    fn reference(&mut self, map: &Map<String, Value>, pointer: &str) {
        let Some(target) = map.get("$ref").and_then(Value::as_str) else {
            return;
        };
        if target != "#" && self.resolve(target).is_none() {
            let message =
                format!("refers to {target:?}; only #/$defs/… of this schema can be used");
            self.problem(pointer, message);
        }
    }

    fn resolve(&self, target: &str) -> Option<Value> {
        let name = target.strip_prefix("#/$defs/")?;
        let name = name.replace("~1", "/").replace("~0", "~");
        self.definitions.get(&name).cloned()
    }

    fn alternatives(&mut self, map: &mut Map<String, Value>, pointer: &str) {
        if let Some(Value::Array(mut all)) = map.remove("allOf") {
            match (all.pop(), all.is_empty()) {
                (Some(Value::Object(only)), true) => {
                    for (keyword, value) in only {
                        map.entry(keyword).or_insert(value);
                    }
                    self.inline_reference(map);
                }
                _ => self.problem(pointer, "allOf cannot be strict; merge it into one schema"),
            }
        }
        if let Some(one_of) = map.remove("oneOf") {
            match constants(&one_of) {
                Some(values) => describe_constants(map, &one_of, values),
                None => {
                    map.insert("anyOf".to_owned(), one_of);
                }
            }
        }
        if let Some(Value::Array(any)) = map.get_mut("anyOf") {
            for (n, alternative) in any.iter_mut().enumerate() {
                self.schema(alternative, &join(pointer, &["anyOf", &n.to_string()]));
            }
        }
    }

    fn object(&mut self, map: &mut Map<String, Value>, pointer: &str) {
        if !has_type(map, "object") {
            return;
        }
        let is_map = map
            .get("additionalProperties")
            .is_some_and(Value::is_object);
        let is_empty = map
            .get("properties")
            .and_then(Value::as_object)
            .is_none_or(Map::is_empty);
        let is_closed = map.get("additionalProperties") == Some(&Value::Bool(false));
        if is_map || map.contains_key("patternProperties") || (is_empty && !is_closed) {
            let message = "is a map with free keys, which cannot be strict; \
                           use a list of objects with a key and a value property";
            self.problem(pointer, message);
            return;
        }
        let required = map.remove("required").unwrap_or_default();
        let is_required = |name: &str| {
            required
                .as_array()
                .is_some_and(|names| names.iter().any(|it| it == name))
        };
        let mut names = Vec::new();
        if let Some(Value::Object(properties)) = map.get_mut("properties") {
            for (name, property) in properties.iter_mut() {
                self.schema(property, &join(pointer, &["properties", name]));
                if !is_required(name) {
                    make_nullable(property);
                }
                names.push(json!(name));
            }
        }
        map.insert("required".to_owned(), Value::Array(names));
        map.insert("additionalProperties".to_owned(), Value::Bool(false));
    }

    fn array(&mut self, map: &mut Map<String, Value>, pointer: &str) {
        if !has_type(map, "array") {
            return;
        }
        if map.contains_key("prefixItems") || map.get("items").is_some_and(Value::is_array) {
            let message = "is a tuple, which cannot be strict; use an object with named properties";
            self.problem(pointer, message);
            return;
        }
        match map.get_mut("items") {
            Some(items) => self.schema(items, &join(pointer, &["items"])),
            None => self.problem(pointer, "is a list of anything; say what its items are"),
        }
    }
}

/// Returns the values of an `oneOf` that merely enumerates constants (an enum with doc comments).
fn constants(one_of: &Value) -> Option<Vec<Value>> {
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

fn describe_constants(map: &mut Map<String, Value>, one_of: &Value, values: Vec<Value>) {
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
    if values.iter().all(Value::is_string) {
        map.insert("type".to_owned(), json!("string"));
    }
    map.insert("enum".to_owned(), Value::Array(values));
}

/// Lets a schema accept `null` too.
fn make_nullable(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    if let Some(Value::Array(values)) = map.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    match map.get_mut("type") {
        Some(Value::String(name)) if name != "null" => {
            let both = json!([name, "null"]);
            map.insert("type".to_owned(), both);
            return;
        }
        Some(Value::Array(names)) => {
            if !names.contains(&json!("null")) {
                names.push(json!("null"));
            }
            return;
        }
        Some(_) => return,
        None => {}
    }
    let null = json!({"type": "null"});
    if let Some(Value::Array(any)) = map.get_mut("anyOf") {
        if !any.contains(&null) {
            any.push(null);
        }
    } else if map.contains_key("$ref") || map.contains_key("const") {
        let inner = std::mem::take(map);
        map.insert("anyOf".to_owned(), json!([inner, null]));
    }
}

fn keep_supported(map: &mut Map<String, Value>) {
    map.retain(|keyword, value| match keyword.as_str() {
        "format" => value.as_str().is_some_and(|it| FORMATS.contains(&it)),
        "maxItems" => true,
        keyword => KEPT.contains(&keyword),
    });
}

pub(super) fn has_type(map: &Map<String, Value>, name: &str) -> bool {
    match map.get("type") {
        Some(Value::String(it)) => it == name,
        Some(Value::Array(names)) => names.iter().any(|it| it == name),
        _ => false,
    }
}

fn mentions(map: &Map<String, Value>, target: &str) -> bool {
    map.iter().any(|(keyword, value)| match value {
        Value::String(text) => keyword == "$ref" && text == target,
        Value::Object(inner) => mentions(inner, target),
        Value::Array(items) => items.iter().any(|item| {
            item.as_object()
                .is_some_and(|inner| mentions(inner, target))
        }),
        _ => false,
    })
}

pub(super) fn join(pointer: &str, names: &[&str]) -> String {
    let mut joined = pointer.to_owned();
    for name in names {
        joined.push('/');
        joined.push_str(&name.replace('~', "~0").replace('/', "~1"));
    }
    joined
}
