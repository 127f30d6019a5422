//! Undoes, in an answer, what strictness did to optional properties.
//!
//! The strict dialect turns "may be absent" into "may be null". Where the original schema does not
//! accept null, a null therefore means absent and is removed before validation.
//!
//! A value is held against all the schemas that may apply to it at once, each of them once, so the
//! work is bounded by the size of the answer times that of the schema, whatever refers to what.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::references::resolve;
use crate::pointer::join;

/// The most known names that are named.
const NAMES_SHOWN: usize = 10;

/// Removes nulls that stand for absent optional properties. Returns where in the answer, as JSON
/// pointers, objects are none of whose names any schema knows: an answer that was wrapped, or an
/// echo of the schema. Where all is optional, nothing else would tell it from an answer.
pub(super) fn remove_absent(answer: &mut Value, schema: &Value) -> Vec<Stranger> {
    let mut removal = Removal {
        root: schema,
        nullable: HashMap::new(),
        path: Vec::new(),
        strangers: Vec::new(),
    };
    removal.apply(answer, vec![schema]);
    removal.strangers
}

/// Returns whether answers to `schema` are worth looking at: where every property is required and nothing
/// is an alternative, what has no known name or a null too many is invalid anyway.
pub(super) fn has_optional(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => {
            let names = map.get("properties").and_then(Value::as_object);
            let mut names = names.into_iter().flat_map(Map::keys);
            names.any(|name| !is_required(schema, name))
                || ["anyOf", "oneOf", "allOf"]
                    .iter()
                    .any(|it| map.contains_key(*it))
                || map.values().any(has_optional)
        }
        Value::Array(items) => items.iter().any(has_optional),
        _ => false,
    }
}

/// An object of an answer that has other names than all that were asked for.
pub(super) struct Stranger {
    pub(super) pointer: String,
    /// Names that are known there.
    pub(super) known: Vec<String>,
}

struct Removal<'a> {
    root: &'a Value,
    /// Which schemas accept null, by address; `false` while that is being found out.
    nullable: HashMap<*const Value, bool>,
    /// Names and numbers of the way to where it is.
    path: Vec<String>,
    strangers: Vec<Stranger>,
}

impl<'a> Removal<'a> {
    fn apply(&mut self, answer: &mut Value, schemas: Vec<&'a Value>) {
        if schemas.is_empty() || !(answer.is_object() || answer.is_array()) {
            return;
        }
        let schemas = self.applicable(answer, schemas);
        match answer {
            Value::Object(answer) => self.object(answer, &schemas),
            Value::Array(items) => {
                let inner: Vec<_> = schemas.iter().filter_map(|it| it.get("items")).collect();
                for (n, item) in items.iter_mut().enumerate() {
                    self.path.push(n.to_string());
                    self.apply(item, inner.clone());
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    /// Returns `due` and what it refers to or offers as an alternative, without what the answer's
    /// constants (the tag of an enum, say) rule out.
    fn applicable(&self, answer: &Value, mut due: Vec<&'a Value>) -> Vec<&'a Value> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        while let Some(schema) = due.pop() {
            if !seen.insert(std::ptr::from_ref(schema)) || is_ruled_out(schema, answer) {
                continue;
            }
            found.push(schema);
            due.extend(self.target(schema));
            for keyword in ["anyOf", "oneOf", "allOf"] {
                due.extend(list(schema, keyword));
            }
        }
        found
    }

    fn target(&self, schema: &'a Value) -> Option<&'a Value> {
        resolve(self.root, schema.get("$ref")?.as_str()?)
    }

    fn object(&mut self, answer: &mut Map<String, Value>, schemas: &[&'a Value]) {
        self.note_stranger(answer, schemas);
        answer.retain(|name, value| {
            let declared: Vec<(&Value, &Value)> = schemas
                .iter()
                .filter_map(|it| Some((*it, it.get("properties")?.get(name)?)))
                .collect();
            if value.is_null() {
                let is_optional = |(schema, _): &(&Value, &Value)| !is_required(schema, name);
                return !declared.iter().any(is_optional)
                    || declared.iter().any(|(_, it)| self.accepts_null(it));
            }
            self.path.push(name.clone());
            self.apply(value, declared.into_iter().map(|(_, it)| it).collect());
            self.path.pop();
            true
        });
    }

    fn note_stranger(&mut self, answer: &Map<String, Value>, schemas: &[&'a Value]) {
        let properties = schemas
            .iter()
            .filter_map(|it| it.get("properties")?.as_object());
        let mut known: Vec<&String> = properties.flat_map(Map::keys).collect();
        if answer.is_empty() || known.is_empty() || known.iter().any(|it| answer.contains_key(*it))
        {
            return;
        }
        known.truncate(NAMES_SHOWN);
        self.strangers.push(Stranger {
            pointer: join("", &self.path),
            known: known.into_iter().map(|it| format!("{it:?}")).collect(),
        });
    }

    fn accepts_null(&mut self, schema: &'a Value) -> bool {
        let address = std::ptr::from_ref(schema);
        if let Some(known) = self.nullable.get(&address) {
            return *known;
        }
        self.nullable.insert(address, false);
        let accepts = self.all_keywords_accept_null(schema);
        self.nullable.insert(address, accepts);
        accepts
    }

    fn all_keywords_accept_null(&mut self, schema: &'a Value) -> bool {
        let Value::Object(map) = schema else {
            return schema == &Value::Bool(true);
        };
        // Who writes OpenAPI does not tell null from absent.
        if map.get("nullable") == Some(&Value::Bool(true)) {
            return false;
        }
        map.iter().all(|(keyword, value)| match keyword.as_str() {
            "type" => value == "null" || value.as_array().is_some_and(|it| has(it, "null")),
            "enum" => value.as_array().is_some_and(|it| it.contains(&Value::Null)),
            "const" => value.is_null(),
            "anyOf" | "oneOf" => list(schema, keyword).any(|it| self.accepts_null(it)),
            "allOf" => list(schema, keyword).all(|it| self.accepts_null(it)),
            "$ref" => self
                .target(schema)
                .is_none_or(|target| self.accepts_null(target)),
            _ => true,
        })
    }
}

/// Returns whether a property of `answer` contradicts a constant of `schema`.
fn is_ruled_out(schema: &Value, answer: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().any(|(name, property)| {
        let (constant, choices) = (property.get("const"), property.get("enum"));
        let choices = choices.and_then(Value::as_array);
        answer.get(name).is_some_and(|value| {
            !value.is_null()
                && (constant.is_some_and(|it| it != value)
                    || choices.is_some_and(|it| !it.contains(value)))
        })
    })
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| has(names, name))
}

fn has(names: &[Value], name: &str) -> bool {
    names.iter().any(|it| it == name)
}

fn list<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    let list = schema.get(keyword).and_then(Value::as_array);
    list.into_iter().flatten()
}

#[cfg(test)]
mod tests;
