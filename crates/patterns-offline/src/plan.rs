//! Plans how to fill an answer's schema by quoting, or finds the first field that needs a model.

use serde_json::{Map, Value};

use super::fields::{Quoting, quoting};

/// References and objects are followed no deeper than this.
const MAX_DEPTH: usize = 32;

/// An answer has no more fields than this.
const MAX_FIELDS: usize = 1_000;

/// How to fill a part of the answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plan {
    /// The one value that the schema allows.
    Constant(Value),
    /// A text of quotations, of so many characters.
    Text {
        quoting: Quoting,
        pointer: String,
        chars: (usize, usize),
    },
    /// A list of so many quotations, each of so many characters.
    List {
        quoting: Quoting,
        pointer: String,
        items: (usize, Option<usize>),
        chars: (usize, usize),
    },
    /// An object, its properties in declared order.
    Object(Vec<(String, Self)>),
}

impl Plan {
    /// Returns whether any part is quoted, so that there must be something to quote from.
    pub(super) fn quotes(&self) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Text { .. } | Self::List { .. } => true,
            Self::Object(properties) => properties.iter().any(|(_, plan)| plan.quotes()),
        }
    }
}

/// A field that cannot be filled by quoting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// Where in the answer, as a JSON pointer.
    pub(super) pointer: String,
    /// What it would take, as the end of a sentence about the field.
    pub(super) reason: &'static str,
}

impl Obstacle {
    pub(super) fn new(pointer: &str, reason: &'static str) -> Self {
        Self {
            pointer: pointer.to_owned(),
            reason,
        }
    }
}

/// Plans an answer to `schema`.
///
/// # Errors
///
/// Returns the first field, in declared order, that needs judgement.
pub(super) fn plan(schema: &Value) -> Result<Plan, Obstacle> {
    let mut planner = Planner {
        root: schema,
        fields_left: MAX_FIELDS,
    };
    planner.plan(schema, "", "", 0)
}

const JUDGEMENT: &str = "needs judgement";
const TOO_DEEP: &str = "is nested too deeply to be filled with quotations";

struct Planner<'a> {
    root: &'a Value,
    fields_left: usize,
}

impl Planner<'_> {
    fn plan(
        &mut self,
        schema: &Value,
        name: &str,
        pointer: &str,
        depth: usize,
    ) -> Result<Plan, Obstacle> {
        let left = self.fields_left.checked_sub(1);
        self.fields_left = left.ok_or_else(|| Obstacle::new(pointer, TOO_DEEP))?;
        if depth > MAX_DEPTH {
            return Err(Obstacle::new(pointer, TOO_DEEP));
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let root = self.root;
            let resolved = target.strip_prefix('#').and_then(|at| root.pointer(at));
            let resolved = resolved.ok_or_else(|| Obstacle::new(pointer, JUDGEMENT))?;
            return self.plan(resolved, name, pointer, depth + 1);
        }
        if let Some(value) = only_value(schema) {
            return Ok(Plan::Constant(value.clone()));
        }
        if let Some(alternatives) = schema.get("anyOf").and_then(Value::as_array) {
            return self.nullable(alternatives, name, pointer, depth);
        }
        let is_free = [
            "enum",
            "pattern",
            "format",
            "allOf",
            "oneOf",
            "not",
            "prefixItems",
            "contains",
        ]
        .iter()
        .all(|it| schema.get(it).is_none());
        match kind(schema) {
            Some("object") if is_free => self.object(schema, pointer, depth),
            Some("string") if is_free => text(schema, name, pointer),
            Some("array") if is_free => self.list(schema, name, pointer),
            _ => Err(Obstacle::new(pointer, JUDGEMENT)),
        }
    }

    /// A value or null: null would claim that there is nothing to say, so only what is quoted can
    /// stand there.
    fn nullable(
        &mut self,
        alternatives: &[Value],
        name: &str,
        pointer: &str,
        depth: usize,
    ) -> Result<Plan, Obstacle> {
        let is_null = |it: &&Value| it.get("type").and_then(Value::as_str) == Some("null");
        let mut others = alternatives.iter().filter(|it| !is_null(it));
        let judgement = || Obstacle::new(pointer, JUDGEMENT);
        let (Some(only), None) = (others.next(), others.next()) else {
            return Err(judgement());
        };
        let plan = self.plan(only, name, pointer, depth + 1)?;
        if alternatives.len() > 1 && !plan.quotes() {
            return Err(judgement());
        }
        Ok(plan)
    }

    fn object(&mut self, schema: &Value, pointer: &str, depth: usize) -> Result<Plan, Obstacle> {
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let properties = match properties {
            Some(properties) => properties,
            None if is_closed => &none,
            None => return Err(Obstacle::new(pointer, JUDGEMENT)),
        };
        let mut plans = Vec::with_capacity(properties.len());
        for (name, property) in properties {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            let plan = self.plan(property, name, &format!("{pointer}/{escaped}"), depth + 1)?;
            plans.push((name.clone(), plan));
        }
        Ok(Plan::Object(plans))
    }

    fn list(&mut self, schema: &Value, name: &str, pointer: &str) -> Result<Plan, Obstacle> {
        let judgement = || Obstacle::new(pointer, JUDGEMENT);
        let quoting = quoting(name).ok_or_else(judgement)?;
        let mut item = schema.get("items").ok_or_else(judgement)?;
        let root = self.root;
        for _ in 0..MAX_DEPTH {
            let Some(target) = item.get("$ref").and_then(Value::as_str) else {
                break;
            };
            let resolved = target.strip_prefix('#').and_then(|at| root.pointer(at));
            item = resolved.ok_or_else(judgement)?;
        }
        let is_free = ["enum", "const", "pattern", "format", "anyOf", "$ref"]
            .iter()
            .all(|it| item.get(it).is_none());
        if kind(item) != Some("string") || !is_free {
            return Err(judgement());
        }
        Ok(Plan::List {
            quoting,
            pointer: pointer.to_owned(),
            items: (
                number(schema, "minItems").unwrap_or(0),
                number(schema, "maxItems"),
            ),
            chars: chars(item),
        })
    }
}

fn text(schema: &Value, name: &str, pointer: &str) -> Result<Plan, Obstacle> {
    let quoting = quoting(name).ok_or_else(|| Obstacle::new(pointer, JUDGEMENT))?;
    Ok(Plan::Text {
        quoting,
        pointer: pointer.to_owned(),
        chars: chars(schema),
    })
}

fn chars(schema: &Value) -> (usize, usize) {
    let min = number(schema, "minLength").unwrap_or(0);
    (min, number(schema, "maxLength").unwrap_or(usize::MAX))
}

fn number(schema: &Value, keyword: &str) -> Option<usize> {
    let value = schema.get(keyword)?.as_u64()?;
    usize::try_from(value).ok()
}

/// What can take exactly one value needs no judgement.
fn only_value(schema: &Value) -> Option<&Value> {
    if let Some(value) = schema.get("const") {
        return Some(value);
    }
    if schema.get("type").and_then(Value::as_str) == Some("null") {
        return Some(&Value::Null);
    }
    match schema.get("enum")?.as_array()?.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// Returns the one type that values may have, null aside.
fn kind(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => {
            let mut others = names
                .iter()
                .filter_map(Value::as_str)
                .filter(|it| *it != "null");
            others.next().filter(|_| others.next().is_none())
        }
        _ => None,
    }
}
