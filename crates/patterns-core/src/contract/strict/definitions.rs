//! What a strict schema does with definitions and with what refers to them.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value};

use super::keywords::merge;
use super::{Walk, join};
use crate::contract::references::{definition_name, is_recursive, targets};

/// The most references of one schema that are replaced by copies of their targets. Definitions
/// that name each other twice would otherwise double with every step.
const MAX_COPIES: usize = 500;

/// Keywords that say something of their own beside a reference; the others describe or constrain.
const SHAPING: [&str; 4] = ["properties", "anyOf", "oneOf", "allOf"];

const NOT_MERGED: &str =
    "adds to a schema that cannot be copied here; give it a property of its own";

impl Walk {
    pub(super) fn adopt_definitions(&mut self, root: &mut Map<String, Value>) {
        if let Some(Value::Object(definitions)) = root.remove("$defs") {
            self.definitions = definitions;
        }
        let Some(Value::Object(drafted)) = root.remove("definitions") else {
            return;
        };
        for (name, definition) in drafted {
            match self.definitions.get(&name) {
                Some(other) if *other != definition => {
                    let pointer = join("", ["definitions", &name]);
                    self.problem(
                        &pointer,
                        "differs from the one in $defs; rename one of them",
                    );
                }
                _ => {
                    self.drafted.push(name.clone());
                    self.definitions.insert(name, definition);
                }
            }
        }
    }

    /// Makes the definitions strict that are still referred to, and drops the others.
    pub(super) fn used_definitions(&mut self, root: &mut Map<String, Value>) {
        let names = |map: &Map<String, Value>| -> Vec<String> {
            let each = map.values().flat_map(targets);
            let own = map.get("$ref").and_then(Value::as_str);
            own.into_iter()
                .chain(each)
                .filter_map(definition_name)
                .collect()
        };
        let mut used = BTreeMap::new();
        let mut due = VecDeque::from(names(root));
        while let Some(name) = due.pop_front() {
            if used.contains_key(&name) {
                continue;
            }
            let Some(mut definition) = self.definitions.get(&name).cloned() else {
                continue;
            };
            let is_drafted = self.drafted.contains(&name);
            let home = if is_drafted { "definitions" } else { "$defs" };
            self.schema(&mut definition, &join("", [home, &name]));
            due.extend(definition.as_object().map(names).unwrap_or_default());
            used.insert(name, definition);
        }
        let in_order = self.definitions.keys();
        let used: Map<String, Value> = in_order.filter_map(|it| used.remove_entry(it)).collect();
        if !used.is_empty() {
            root.insert("$defs".to_owned(), Value::Object(used));
        }
    }

    /// Replaces what stands for another schema by that schema: a reference with siblings, which
    /// the dialect does not know, and an `allOf` of one.
    pub(super) fn merge_targets(&mut self, map: &mut Map<String, Value>, pointer: &str) {
        self.inline_references(map, pointer);
        let Some(Value::Array(mut all)) = map.remove("allOf") else {
            return;
        };
        match (all.pop(), all.is_empty()) {
            (Some(Value::Object(only)), true) => {
                merge(map, only);
                self.inline_references(map, pointer);
            }
            _ => self.problem(pointer, "allOf cannot be strict; merge it into one schema"),
        }
    }

    /// Replaces a reference that has siblings by its target. Where the target is recursive and the
    /// siblings only describe, they are left out instead: copies would have no end.
    fn inline_references(&mut self, map: &mut Map<String, Value>, pointer: &str) {
        while map.len() > 1
            && let Some(target) = map.get("$ref").and_then(Value::as_str)
        {
            let adds = |it: &String| SHAPING.contains(&it.as_str());
            let must_copy = map.keys().any(adds);
            let is_endless =
                definition_name(target).is_none_or(|it| is_recursive(&self.definitions, &it));
            match self.resolve(target) {
                Some(resolved) if self.copies < MAX_COPIES && (must_copy || !is_endless) => {
                    self.copies += 1;
                    map.remove("$ref");
                    merge(map, resolved);
                    continue;
                }
                _ if must_copy => self.problem(pointer, NOT_MERGED),
                _ => {}
            }
            map.retain(|keyword, _| keyword == "$ref");
        }
    }

    pub(super) fn reference(&mut self, map: &mut Map<String, Value>, pointer: &str) {
        let Some(Value::String(target)) = map.get_mut("$ref") else {
            return;
        };
        if let Some(name) = target.strip_prefix("#/definitions/") {
            *target = format!("#/$defs/{name}");
        }
        let is_known = target == "#"
            || definition_name(target).is_some_and(|it| self.definitions.contains_key(&it));
        if !is_known {
            let message =
                format!("refers to {target:?}; only #/$defs/… of this schema can be used");
            self.problem(pointer, message);
        }
    }

    pub(super) fn resolve(&self, target: &str) -> Option<Map<String, Value>> {
        let definition = self.definitions.get(&definition_name(target)?)?;
        definition.as_object().cloned()
    }
}
