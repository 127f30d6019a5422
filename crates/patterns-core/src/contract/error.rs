//! Why a schema cannot serve as a contract.

use std::fmt;

use serde_json::Value;

use super::strict::SchemaProblem;
use crate::nearest;

/// A schema that cannot serve as a contract; found before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ContractError {
    problems: Vec<SchemaProblem>,
}

impl ContractError {
    pub(super) fn new(problems: Vec<SchemaProblem>) -> Self {
        Self { problems }
    }

    pub(super) fn one(pointer: &str, message: impl Into<String>) -> Self {
        Self::new(vec![SchemaProblem {
            pointer: pointer.to_owned(),
            message: message.into(),
        }])
    }

    /// Returns what is wrong, each with its place; never empty.
    pub fn problems(&self) -> &[SchemaProblem] {
        &self.problems
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer schema cannot be used: ")?;
        let problems: Vec<_> = self.problems.iter().map(ToString::to_string).collect();
        f.write_str(&problems.join("; "))
    }
}

/// The names of types.
const TYPES: [&str; 7] = [
    "string", "number", "integer", "boolean", "object", "array", "null",
];

/// Says what is wrong with a schema where the checker speaks of its own insides.
pub(super) fn in_words(schema: &Value, place: &str, message: String) -> String {
    if message.starts_with("Unknown meta-schema") {
        let dialect = schema.get("$schema").unwrap_or(&Value::Null);
        return format!("the dialect {dialect} is not known; leave $schema out");
    }
    let wrong = schema.pointer(place).and_then(Value::as_str);
    // Where a property is called `type`, it may be one.
    let is_type = |it: &&str| place.ends_with("/type") && !TYPES.contains(it);
    let Some(name) = wrong.filter(is_type) else {
        return message;
    };
    let meant = nearest(name, TYPES);
    let meant = meant.map_or_else(
        || format!("there are {}", TYPES.join(", ")),
        |it| format!("did you mean {it:?}?"),
    );
    format!("there is no type {name:?}; {meant}")
}
