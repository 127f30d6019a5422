//! Turns a JSON Schema into the strict dialect that providers can enforce while decoding.
//!
//! The dialect is that of OpenAI's structured outputs
//! (<https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>), which other
//! providers and grammar-constrained servers accept too: every object is closed and lists all its
//! properties as required, optional ones are nullable instead, alternatives are `anyOf`, and
//! references carry no siblings. What has no strict form (maps, tuples, free-form values) is
//! reported with its path, before anything is sent.

mod contradictions;
mod definitions;
mod endless;
mod keywords;
mod misspelt;

use std::fmt;

use schemars::Schema;
use schemars::transform::Transform;
use serde_json::{Map, Value, json};

use crate::pointer::join;
pub(super) use endless::endless;

use contradictions::{contradiction, unknown_names};
use keywords::{
    constants, describe_constants, draft_4_bounds, has_type, infer_type, keep_supported,
    make_nullable, merge, type_values,
};
use misspelt::misspelt;

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
    /// Whether optional properties stay optional, instead of becoming nullable: some providers can
    /// enforce that, and count nullable ones against a limit.
    pub keeps_optional: bool,
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
        let mut walk = Walk {
            keeps_optional: self.keeps_optional,
            ..Walk::default()
        };
        match &mut root {
            Value::Object(map) => walk.root(map),
            _ => walk.problem("", "a schema is a JSON object"),
        }
        self.problems.append(&mut walk.problems);
        if let Ok(strict) = Schema::try_from(root) {
            *schema = strict;
        }
    }
}

/// The deepest nesting of schemas within schemas.
const MAX_SCHEMA_DEPTH: usize = 64;

const ANYTHING: &str = "accepts any value, which strict decoding cannot; give it a type";

#[derive(Default)]
struct Walk {
    /// The root's `$defs`, and its `definitions`, as drafts before 2019-09 call them.
    definitions: Map<String, Value>,
    /// The names that came from `definitions`.
    drafted: Vec<String>,
    copies: usize,
    keeps_optional: bool,
    depth: usize,
    problems: Vec<SchemaProblem>,
}

impl Walk {
    fn root(&mut self, root: &mut Map<String, Value>) {
        self.adopt_definitions(root);
        // A root that is only a reference stands for what it refers to. Each step uses up one
        // name, so a circle of aliases ends too.
        for _ in 0..=self.definitions.len() {
            let target = root.get("$ref").and_then(Value::as_str);
            let Some(resolved) = target.and_then(|it| self.resolve(it)) else {
                break;
            };
            root.remove("$ref");
            merge(root, resolved);
        }
        self.merge_targets(root, "");
        infer_type(root);
        if root.get("type") != Some(&json!("object")) {
            let message = "the answer must be an object; wrap this schema in an object's property";
            self.problem("", message);
            return;
        }
        self.keywords(root, "");
        self.used_definitions(root);
    }

    fn problem(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.push(SchemaProblem {
            pointer: pointer.to_owned(),
            message: message.into(),
        });
    }

    fn schema(&mut self, schema: &mut Value, pointer: &str) {
        match schema {
            _ if self.depth == MAX_SCHEMA_DEPTH => self.problem(pointer, "is nested too deeply"),
            Value::Object(map) => {
                self.depth += 1;
                self.merge_targets(map, pointer);
                infer_type(map);
                self.keywords(map, pointer);
                self.depth -= 1;
            }
            Value::Bool(false) => self.problem(pointer, "accepts no value; leave it out"),
            _ => self.problem(pointer, ANYTHING),
        }
    }

    fn keywords(&mut self, map: &mut Map<String, Value>, pointer: &str) {
        if let Some(message) = misspelt(map) {
            self.problem(pointer, message);
        }
        draft_4_bounds(map);
        if let Some(message) = contradiction(map) {
            self.problem(pointer, message);
        }
        self.alternatives(map, pointer);
        self.object(map, pointer);
        self.array(map, pointer);
        self.reference(map, pointer);
        keep_supported(map);
        type_values(map);
        let is_typed = ["type", "enum", "const", "anyOf", "$ref"]
            .iter()
            .any(|keyword| map.contains_key(*keyword));
        let is_known = self.problems.last().is_some_and(|it| it.pointer == pointer);
        if !is_typed && !is_known {
            self.problem(pointer, ANYTHING);
        }
    }

    fn alternatives(&mut self, map: &mut Map<String, Value>, pointer: &str) {
        if let Some(one_of) = map.remove("oneOf") {
            match constants(&one_of) {
                Some(values) => describe_constants(map, &one_of, values),
                None if map.contains_key("anyOf") => {
                    self.problem(
                        pointer,
                        "anyOf beside oneOf cannot be strict; keep one of them",
                    );
                }
                None => {
                    map.insert("anyOf".to_owned(), one_of);
                }
            }
        }
        let Some(Value::Array(any)) = map.get_mut("anyOf") else {
            return;
        };
        for (n, alternative) in any.iter_mut().enumerate() {
            self.schema(alternative, &join(pointer, ["anyOf", &n.to_string()]));
        }
        if map.contains_key("properties") {
            // Closed, the object would forbid what its alternatives demand.
            let message = "has properties beside alternatives (a flattened enum?), which cannot \
                           be strict; give the alternatives a property of their own";
            self.problem(pointer, message);
        } else if has_type(map, "object") {
            // The alternatives say it themselves.
            map.retain(|keyword, _| !matches!(keyword.as_str(), "type" | "required"));
        }
    }

    fn object(&mut self, map: &mut Map<String, Value>, pointer: &str) {
        if !has_type(map, "object") {
            return;
        }
        // An empty schema means the same as `true`: more properties are welcome, none is needed.
        let is_map = map
            .get("additionalProperties")
            .and_then(Value::as_object)
            .is_some_and(|it| !it.is_empty());
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
        let unknown = unknown_names(&required, map.get("properties"));
        if !unknown.is_empty() {
            let message = format!(
                "requires {}, which no property is called; correct the name or describe it",
                unknown.join(" and ")
            );
            self.problem(&join(pointer, ["required"]), message);
        }
        let is_required = |name: &str| {
            required
                .as_array()
                .is_some_and(|names| names.iter().any(|it| it == name))
        };
        let mut names = Vec::new();
        if let Some(Value::Object(properties)) = map.get_mut("properties") {
            for (name, property) in properties.iter_mut() {
                self.schema(property, &join(pointer, ["properties", name]));
                if !is_required(name) && self.keeps_optional {
                    continue;
                }
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
            Some(items) => self.schema(items, &join(pointer, ["items"])),
            None => self.problem(pointer, "is a list of anything; say what its items are"),
        }
    }
}

#[cfg(test)]
mod tests;
