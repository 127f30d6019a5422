//! Reads a JSON Schema: what is at a place of an answer, whatever way the schema says it.
//!
//! Generators write "a text or nothing" in a dozen ways: a list of types, an alternative to null, a
//! reference to either, a list of constants with null among them. Who asks a schema what a field is asks
//! here, so that a table's columns, a rule of voting and a check of names cannot come to different views.
//! Only what *rewrites* schemas (`contract/`, the dialects of providers) goes over them by itself, since it
//! has to change every place where it is.

use std::collections::HashSet;

use serde_json::Value;

use crate::contract::resolve;

/// A place in a schema with all that applies there: references are followed, `allOf` is taken
/// together, and of an alternative between null and one other schema that other one is taken.
///
/// ```
/// use patterns_core::{SchemaKind, SchemaView};
/// use serde_json::json;
///
/// let schema = json!({
///     "properties": {"price": {"anyOf": [{"$ref": "#/$defs/Price"}, {"type": "null"}]}},
///     "$defs": {"Price": {"type": "number", "minimum": 0}},
/// });
/// let price = SchemaView::new(&schema).property("price").unwrap();
/// assert_eq!(price.kind(), SchemaKind::Number);
/// assert!(price.is_nullable());
/// ```
#[derive(Clone, Debug)]
pub struct SchemaView<'a> {
    root: &'a Value,
    schemas: Vec<&'a Value>,
    /// Constants to choose from, where all alternatives are constants.
    constants: Vec<&'a Value>,
    /// Alternatives that are more than constants, null aside.
    alternatives: Vec<&'a Value>,
    is_nullable: bool,
}

/// What kind of value is at a place, null aside.
#[derive(Clone, Debug, PartialEq)]
pub enum SchemaKind<'a> {
    /// An object.
    Object,
    /// A list.
    List,
    /// One of these values.
    Choice(Vec<&'a Value>),
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A text.
    Text,
    /// Several kinds, or no telling.
    Any,
}

impl<'a> SchemaView<'a> {
    /// Looks at the top of a schema.
    pub fn new(root: &'a Value) -> Self {
        Self::within(root, root)
    }

    fn within(root: &'a Value, schema: &'a Value) -> Self {
        let mut view = Self {
            root,
            schemas: Vec::new(),
            constants: Vec::new(),
            alternatives: Vec::new(),
            is_nullable: false,
        };
        let mut due = vec![schema];
        let mut seen = HashSet::new();
        while let Some(schema) = due.pop() {
            if seen.insert(std::ptr::from_ref(schema)) {
                view.schemas.push(schema);
                due.extend(list(schema, "allOf"));
                due.extend(view.target(schema));
                due.extend(view.only_alternative(schema));
                view.is_nullable |= names_null(schema);
            }
        }
        view
    }

    fn target(&self, schema: &Value) -> Option<&'a Value> {
        let target = schema.get("$ref")?.as_str()?;
        // Users' schemas have names that are not escaped, too.
        resolve(self.root, target).or_else(|| self.root.pointer(target.strip_prefix('#')?))
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
        match others
            .iter()
            .map(|it| constants(it))
            .collect::<Option<Vec<_>>>()
        {
            Some(constants) => self.constants.extend(constants.into_iter().flatten()),
            None => self.alternatives.extend(others),
        }
        None
    }

    /// Returns the schemas that apply here, all of them at once.
    pub fn schemas(&self) -> &[&'a Value] {
        &self.schemas
    }

    /// Returns the alternatives here, null aside, where they are more than one and more than constants.
    pub fn alternatives(&self) -> impl Iterator<Item = Self> + '_ {
        self.alternatives
            .iter()
            .map(|it| Self::within(self.root, it))
    }

    /// Returns what is said under a keyword by any of the schemas that apply here.
    pub fn keyword(&self, keyword: &'static str) -> impl Iterator<Item = &'a Value> + '_ {
        self.schemas.iter().filter_map(move |it| it.get(keyword))
    }

    /// Returns whether null is allowed here.
    pub fn is_nullable(&self) -> bool {
        self.is_nullable || self.says_nothing()
    }

    /// Returns whether the schema leaves open what is here.
    pub fn says_nothing(&self) -> bool {
        let names_none = self.type_names().is_empty() && self.alternatives.is_empty();
        names_none && !self.is_nullable && self.kind() == SchemaKind::Any
    }

    /// Returns the declared fields of an object, in their order.
    pub fn properties(&self) -> Vec<(&'a str, Self)> {
        let mut found: Vec<(&str, Self)> = Vec::new();
        let maps = self.keyword("properties").filter_map(Value::as_object);
        for (name, schema) in maps.flatten() {
            if !found.iter().any(|(known, _)| known == name) {
                found.push((name, Self::within(self.root, schema)));
            }
        }
        found
    }

    /// Returns the declared field of this name.
    pub fn property(&self, name: &str) -> Option<Self> {
        let mut declared = self.keyword("properties").filter_map(|it| it.get(name));
        declared.next().map(|it| Self::within(self.root, it))
    }

    /// Returns the fields that are not declared; `None` if there may be none.
    pub fn additional(&self) -> Option<Self> {
        const ANYTHING: &Value = &Value::Bool(true);
        let schema = self.keyword("additionalProperties").next();
        let schema = schema.unwrap_or(ANYTHING);
        (schema != &Value::Bool(false)).then(|| Self::within(self.root, schema))
    }

    /// Returns whether an object must have a field.
    pub fn is_required(&self, name: &str) -> bool {
        let mut required = self.schemas.iter().flat_map(|it| list(it, "required"));
        required.any(|it| it == name)
    }

    /// Returns the items of a list, if they are of one schema.
    pub fn items(&self) -> Option<Self> {
        let items = self.keyword("items").find(|it| it.is_object())?;
        Some(Self::within(self.root, items))
    }

    /// Returns how many items a list has at least and at most.
    pub fn item_bounds(&self) -> (usize, usize) {
        let bound = |keyword| self.keyword(keyword).filter_map(Value::as_u64);
        let least = bound("minItems").max().unwrap_or(0);
        let most = bound("maxItems").min().unwrap_or(u64::MAX);
        let size = |it| usize::try_from(it).unwrap_or(usize::MAX);
        (size(least), size(most))
    }

    /// Returns what kind of value is here.
    ///
    /// Alternatives that are all of one plain kind are of that kind, and whole numbers among numbers are
    /// numbers.
    pub fn kind(&self) -> SchemaKind<'a> {
        let kind = self.alternative_kind(&mut HashSet::new());
        kind.unwrap_or_else(|| self.own_kind())
    }

    /// Returns the kind of the alternatives that are not in `seen`, if there are such: a schema may be an
    /// alternative of itself, which adds nothing.
    fn alternative_kind(&self, seen: &mut HashSet<*const Value>) -> Option<SchemaKind<'a>> {
        let new = self.alternatives.iter().copied();
        let new: Vec<&Value> = new
            .filter(|it| seen.insert(std::ptr::from_ref(*it)))
            .collect();
        let kinds = new.into_iter().filter_map(|it| {
            let view = Self::within(self.root, it);
            match view.alternatives.is_empty() {
                true => Some(view.own_kind().plain()),
                false => view.alternative_kind(seen),
            }
        });
        kinds.reduce(SchemaKind::or)
    }

    /// Returns the kind that is said without alternatives.
    fn own_kind(&self) -> SchemaKind<'a> {
        let mut choices = self.constants.clone();
        choices.extend(self.schemas.iter().filter_map(|it| constants(it)).flatten());
        choices.retain(|it| !it.is_null());
        if !choices.is_empty() {
            return SchemaKind::Choice(choices);
        }
        match self.type_names().as_slice() {
            ["object"] => SchemaKind::Object,
            ["array"] => SchemaKind::List,
            ["integer"] => SchemaKind::Integer,
            ["number"] | ["integer", "number"] | ["number", "integer"] => SchemaKind::Number,
            ["boolean"] => SchemaKind::Flag,
            ["string"] => SchemaKind::Text,
            [] if self.keyword("properties").next().is_some() => SchemaKind::Object,
            [] if self.keyword("items").next().is_some() => SchemaKind::List,
            _ => SchemaKind::Any,
        }
    }

    /// Returns the types that are named here, null aside.
    pub fn type_names(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for types in self.keyword("type") {
            let several = types.as_array().into_iter().flatten();
            let found = several.chain([types]).filter_map(Value::as_str);
            for name in found.filter(|it| *it != "null") {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }
}

impl SchemaKind<'_> {
    /// Returns the kind of the values themselves: choices among texts are texts.
    #[must_use]
    pub fn plain(self) -> Self {
        let Self::Choice(values) = self else {
            return self;
        };
        let kinds = values.into_iter().map(|value| match value {
            Value::String(_) => Self::Text,
            Value::Bool(_) => Self::Flag,
            Value::Number(number) if number.is_f64() => Self::Number,
            Value::Number(_) => Self::Integer,
            Value::Null | Value::Array(_) | Value::Object(_) => Self::Any,
        });
        kinds.reduce(Self::or).unwrap_or(Self::Any)
    }

    /// Returns the kind of what may be either. Two objects or two lists may differ in all that is in them.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            (Self::Object, _) | (Self::List, _) => Self::Any,
            (one, other) if one == other => one,
            _ => Self::Any,
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind_of(field: &Value) -> (String, bool) {
        let schema = json!({
            "properties": {"it": field},
            "$defs": {
                "text": {"type": "string"},
                "maybe": {"anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]},
                "a b": {"type": "integer"},
                "self": {"anyOf": [{"$ref": "#/$defs/self"}, {"type": "number"}]},
                "alias": {"$ref": "#/$defs/alias"},
            },
        });
        let view = SchemaView::new(&schema).property("it").unwrap();
        (format!("{:?}", view.kind().plain()), view.is_nullable())
    }

    #[test]
    fn a_field_is_of_one_kind_however_it_is_written() {
        let table = [
            (json!({"type": "string"}), "Text", false),
            (json!({"type": ["string", "null"]}), "Text", true),
            (json!({"$ref": "#/$defs/text"}), "Text", false),
            (json!({"$ref": "#/$defs/maybe"}), "Text", true),
            (json!({"$ref": "#/$defs/a%20b"}), "Integer", false),
            (
                json!({"allOf": [{"$ref": "#/$defs/text"}, {"maxLength": 9}]}),
                "Text",
                false,
            ),
            (
                json!({"oneOf": [{"type": "null"}, {"$ref": "#/$defs/text"}]}),
                "Text",
                true,
            ),
            (json!({"enum": ["a", "b", null]}), "Text", true),
            (
                json!({"anyOf": [{"const": 1}, {"const": 2.5}]}),
                "Number",
                false,
            ),
            (json!({"const": true}), "Flag", false),
            (
                json!({"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]}),
                "Number",
                true,
            ),
            (
                json!({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}),
                "Text",
                false,
            ),
            (
                json!({"anyOf": [{"$ref": "#/$defs/maybe"}, {"type": "integer"}]}),
                "Any",
                false,
            ),
            (json!({"type": ["string", "integer"]}), "Any", false),
            (
                json!({"anyOf": [{"type": "array"}, {"type": "array"}]}),
                "Any",
                false,
            ),
            (
                json!({"anyOf": [{"type": "array"}, {"type": "null"}]}),
                "List",
                true,
            ),
            (json!({"$ref": "#/$defs/self"}), "Number", false),
            (json!({"$ref": "#/$defs/alias"}), "Any", true),
            (json!({"$ref": "https://elsewhere"}), "Any", true),
            (json!({}), "Any", true),
        ];
        for (field, kind, is_nullable) in table {
            assert_eq!(kind_of(&field), (kind.to_owned(), is_nullable), "{field}");
        }
    }
}
