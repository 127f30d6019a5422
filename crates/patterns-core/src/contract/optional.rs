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

/// Removes nulls that stand for absent optional properties.
pub(super) fn remove_absent(answer: &mut Value, schema: &Value) {
    let mut removal = Removal {
        root: schema,
        nullable: HashMap::new(),
    };
    removal.apply(answer, vec![schema]);
}

struct Removal<'a> {
    root: &'a Value,
    /// Which schemas accept null, by address; `false` while that is being found out.
    nullable: HashMap<*const Value, bool>,
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
                for item in items {
                    self.apply(item, inner.clone());
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
            self.apply(value, declared.into_iter().map(|(_, it)| it).collect());
            true
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
