//! Reads a JSON Schema as the shape of an answer: which fields, of which kind, null or not.

use std::collections::HashSet;

use serde_json::Value;

mod kind;
mod path;

pub(super) use kind::Kind;
pub(super) use path::join;
pub(crate) use path::segments;

/// A place in a schema with all that applies there: references are followed, `allOf` is taken
/// together, and of an alternative between null and one other schema that other one is taken.
#[derive(Clone, Debug)]
pub(super) struct Shape<'a> {
    root: &'a Value,
    schemas: Vec<&'a Value>,
    /// Constants to choose from, where all alternatives are constants.
    constants: Vec<&'a Value>,
    is_nullable: bool,
    /// There are alternatives that are more than constants.
    is_union: bool,
}

impl<'a> Shape<'a> {
    pub(super) fn new(root: &'a Value, schema: &'a Value) -> Self {
        let mut shape = Self {
            root,
            schemas: Vec::new(),
            constants: Vec::new(),
            is_nullable: false,
            is_union: false,
        };
        let mut due = vec![schema];
        let mut seen = HashSet::new();
        while let Some(schema) = due.pop() {
            if seen.insert(std::ptr::from_ref(schema)) {
                shape.schemas.push(schema);
                due.extend(list(schema, "allOf"));
                due.extend(shape.target(schema));
                due.extend(shape.only_alternative(schema));
                shape.is_nullable |= names_null(schema);
            }
        }
        shape
    }

    fn target(&self, schema: &Value) -> Option<&'a Value> {
        let target = schema.get("$ref")?.as_str()?;
        path::resolve(self.root, target)
    }

    /// Adds a schema's alternatives and returns the one that is left besides null.
    fn only_alternative(&mut self, schema: &'a Value) -> Option<&'a Value> {
        let alternatives = ["anyOf", "oneOf"].map(|keyword| list(schema, keyword));
        let all: Vec<&Value> = alternatives.into_iter().flatten().collect();
        let others: Vec<&Value> = all.iter().copied().filter(|it| !is_null(it)).collect();
        self.is_nullable |= others.len() < all.len();
        if let [only] = others.as_slice() {
            return Some(only);
        }
        let constants = others.iter().map(|it| constants(it));
        match constants.collect::<Option<Vec<_>>>() {
            Some(constants) => self.constants.extend(constants.into_iter().flatten()),
            None => self.is_union = true,
        }
        None
    }

    /// Returns whether null is allowed here.
    pub(super) fn is_nullable(&self) -> bool {
        self.is_nullable || self.says_nothing()
    }

    /// Returns the declared fields of an object, in their order.
    pub(super) fn properties(&self) -> Vec<(&'a str, Self)> {
        let mut found: Vec<(&str, Self)> = Vec::new();
        let maps = self.keyword("properties").filter_map(Value::as_object);
        for (name, schema) in maps.flatten() {
            if !found.iter().any(|(known, _)| known == name) {
                found.push((name, Self::new(self.root, schema)));
            }
        }
        found
    }

    /// Returns the shape of fields that are not declared; `None` if there may be none.
    pub(super) fn additional(&self) -> Option<Self> {
        const ANYTHING: &Value = &Value::Bool(true);
        let schema = self.keyword("additionalProperties").next();
        let schema = schema.unwrap_or(ANYTHING);
        (schema != &Value::Bool(false)).then(|| Self::new(self.root, schema))
    }

    /// Returns the shape of a field for which a rule may be set.
    pub(super) fn addressable(&self, name: &str) -> Option<Self> {
        let declared = self.properties().into_iter().find(|it| it.0 == name);
        let is_open = self.keyword("additionalProperties").next().is_some();
        let additional = || self.additional().filter(|_| is_open);
        declared.map(|(_, shape)| shape).or_else(additional)
    }

    pub(super) fn is_required(&self, name: &str) -> bool {
        let mut required = self.schemas.iter().flat_map(|it| list(it, "required"));
        required.any(|it| it == name)
    }

    /// Returns how many items a list has at least and at most.
    pub(super) fn item_bounds(&self) -> (usize, usize) {
        let bound = |keyword| self.keyword(keyword).filter_map(Value::as_u64);
        let least = bound("minItems").max().unwrap_or(0);
        let most = bound("maxItems").min().unwrap_or(u64::MAX);
        let size = |it| usize::try_from(it).unwrap_or(usize::MAX);
        (size(least), size(most))
    }

    /// Returns the paths of all fields; where a schema contains itself, down to some depth.
    pub(super) fn paths(&self) -> Vec<String> {
        const DEEPEST: usize = 5;
        const MOST: usize = 1000;
        let mut found = Vec::new();
        let mut due = vec![(String::new(), self.clone(), 0)];
        while let Some((path, shape, depth)) = due.pop() {
            if depth < DEEPEST && found.len() < MOST {
                for (name, shape) in shape.properties() {
                    due.push((join(&path, name), shape, depth + 1));
                }
            }
            if !path.is_empty() {
                found.push(path);
            }
        }
        found
    }

    fn keyword(&self, keyword: &'static str) -> impl Iterator<Item = &'a Value> + '_ {
        self.schemas.iter().filter_map(move |it| it.get(keyword))
    }
}

fn names_null(schema: &Value) -> bool {
    list(schema, "type").any(|it| it == "null")
        || list(schema, "enum").any(Value::is_null)
        || is_null(schema)
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|it| it == "null")
        || schema.get("const").is_some_and(Value::is_null)
}

fn constants(schema: &Value) -> Option<Vec<&Value>> {
    match schema.get("const") {
        Some(constant) => Some(vec![constant]),
        None => Some(schema.get("enum")?.as_array()?.iter().collect()),
    }
}

fn list<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    let list = schema.get(keyword).and_then(Value::as_array);
    list.into_iter().flatten()
}
