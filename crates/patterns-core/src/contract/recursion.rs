//! Foresees how long it takes to explain why an answer breaks a recursive schema.
//!
//! Whether an answer is valid is found out in a time that grows with its size. Explaining why it
//! is not tries every alternative at every level: where a schema offers itself in two alternatives
//! (an expression tree, say), that doubles with each level of nesting, and a hostile answer of a
//! few hundred bytes would take years.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::references::{definition_name, is_recursive, resolve, targets};

/// How many times a part of an answer may be looked at for the sake of an explanation, summed over
/// all its parts.
const MAX_LOOKS: u64 = 100_000;

/// How the explanations of a schema grow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recursion {
    /// In how many alternatives one value may be followed into the recursion; 1 without any.
    ways: u64,
}

impl Recursion {
    pub(super) fn of(schema: &Value) -> Self {
        let schemas = Schemas {
            root: schema,
            recursive: recursive_definitions(schema),
        };
        Self {
            ways: schemas.most_ways(schema).max(1),
        }
    }

    /// Returns whether explaining what is wrong with `answer` could take too long.
    pub(super) fn is_costly(self, answer: &Value) -> bool {
        self.ways > 1 && self.looks(answer, 1) > MAX_LOOKS
    }

    /// Returns how often all parts of `value` are looked at, if it is looked at `times` itself.
    fn looks(self, value: &Value, times: u64) -> u64 {
        let each = times.saturating_mul(self.ways);
        let inner = |sum: u64, it| sum.saturating_add(self.looks(it, each));
        match value {
            Value::Object(map) => map.values().fold(times, inner),
            Value::Array(items) => items.iter().fold(times, inner),
            _ => times,
        }
    }
}

fn recursive_definitions(root: &Value) -> HashSet<String> {
    let mut definitions = Map::new();
    for home in ["definitions", "$defs"] {
        if let Some(Value::Object(map)) = root.get(home) {
            definitions.extend(map.clone());
        }
    }
    let names = definitions.keys();
    names
        .filter(|it| is_recursive(&definitions, it))
        .cloned()
        .collect()
}

struct Schemas<'a> {
    root: &'a Value,
    /// The names of the definitions that lead back to themselves.
    recursive: HashSet<String>,
}

impl<'a> Schemas<'a> {
    /// Returns the most alternatives that any part of `schema` offers for one value.
    fn most_ways(&self, schema: &'a Value) -> u64 {
        let inner = match schema {
            Value::Object(map) => map.values().map(|it| self.most_ways(it)).max(),
            Value::Array(items) => items.iter().map(|it| self.most_ways(it)).max(),
            _ => None,
        };
        self.ways(schema, &mut Vec::new()).max(inner.unwrap_or(0))
    }

    /// Returns in how many alternatives of `schema` parts of a value are followed into recursion.
    fn ways(&self, schema: &'a Value, seen: &mut Vec<&'a str>) -> u64 {
        let mut sum: u64 = 0;
        if let Some(target) = schema.get("$ref").and_then(Value::as_str)
            && !seen.contains(&target)
        {
            seen.push(target);
            let resolved = resolve(self.root, target).unwrap_or(&Value::Null);
            sum = sum.saturating_add(self.ways(resolved, seen));
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            let list = schema.get(keyword).and_then(Value::as_array);
            for alternative in list.into_iter().flatten() {
                sum = sum.saturating_add(self.ways(alternative, seen));
            }
        }
        let parts = [schema.get("properties"), schema.get("items")];
        let mut targets = parts.into_iter().flatten().flat_map(targets);
        sum.saturating_add(u64::from(targets.any(|it| self.recurs(it))))
    }

    fn recurs(&self, target: &str) -> bool {
        match definition_name(target) {
            Some(name) => self.recursive.contains(&name),
            // The root, or a part of it that may well be around the reference.
            None => target.starts_with('#'),
        }
    }
}
