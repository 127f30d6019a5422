//! Undoes, in an answer, what strictness did to optional properties.
//!
//! The strict dialect turns "may be absent" into "may be null". Where the original schema does not
//! accept null, a null therefore means absent and is removed before validation.

use serde_json::{Map, Value};

/// How often one answer may follow a reference; more than any answer within
/// [`MAX_DEPTH`](super::MAX_DEPTH) needs.
const MAX_REFERENCES: usize = 1_000;

/// Removes nulls that stand for absent optional properties.
pub(super) fn remove_absent(answer: &mut Value, schema: &Value) {
    Removal {
        root: schema,
        references_left: MAX_REFERENCES,
    }
    .apply(answer, schema);
}

struct Removal<'a> {
    root: &'a Value,
    references_left: usize,
}

impl Removal<'_> {
    fn apply(&mut self, answer: &mut Value, schema: &Value) {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let resolved = target
                .strip_prefix('#')
                .and_then(|at| self.root.pointer(at));
            if let (Some(resolved), Some(left)) = (resolved, self.references_left.checked_sub(1)) {
                self.references_left = left;
                let resolved = resolved.clone();
                self.apply(answer, &resolved);
            }
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            for alternative in schema
                .get(keyword)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                self.apply(answer, alternative);
            }
        }
        match answer {
            Value::Object(answer) => self.object(answer, schema),
            Value::Array(items) => {
                if let Some(schema) = schema.get("items") {
                    for item in items {
                        self.apply(item, schema);
                    }
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, answer: &mut Map<String, Value>, schema: &Value) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return;
        };
        let required = schema.get("required").and_then(Value::as_array);
        for (name, property) in properties {
            let is_required = required.is_some_and(|names| names.iter().any(|it| it == name));
            let is_null = answer.get(name).is_some_and(Value::is_null);
            if is_null && !is_required && !self.accepts_null(property) {
                answer.shift_remove(name);
            } else if let Some(value) = answer.get_mut(name) {
                self.apply(value, property);
            }
        }
    }

    fn accepts_null(&self, schema: &Value) -> bool {
        let Value::Object(map) = schema else {
            return schema == &Value::Bool(true);
        };
        let alternatives = map.get("anyOf").or_else(|| map.get("oneOf"));
        match (map.get("type"), alternatives) {
            (Some(Value::String(name)), _) => name == "null",
            (Some(Value::Array(names)), _) => names.iter().any(|it| it == "null"),
            (_, Some(Value::Array(any))) => any.iter().any(|it| self.accepts_null(it)),
            _ => ["enum", "const", "$ref", "allOf"]
                .iter()
                .all(|keyword| !map.contains_key(*keyword)),
        }
    }
}
