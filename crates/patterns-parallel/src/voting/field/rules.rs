//! Which rule decides which field: overrides, checked against the schema.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::FieldRule;
use super::shape::{Kind, Shape, join, segments};

/// The rules that a user sets for some fields; all others have the rule of their kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FieldRules {
    overrides: BTreeMap<String, FieldRule>,
}

/// Why a rule cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldRuleError {
    /// There is no equals sign.
    #[error("`{0}` is no PATH=RULE, such as /price=median:1%")]
    NotAnAssignment(String),
    /// No rule has this name.
    #[error("there is no rule `{name}` for a field{} (known: {})", hint(.nearest), FieldRule::NAMES.join(", "))]
    UnknownRule {
        /// What was written.
        name: String,
        /// The known name most like it.
        nearest: Option<String>,
    },
    /// The rule's parameter is missing, of no use, or out of range.
    #[error("the rule `{rule}`: {reason}")]
    Parameter {
        /// The rule's name.
        rule: String,
        /// What is wrong.
        reason: String,
    },
    /// The schema has no such field.
    #[error("the answer has no field `{path}`{}", hint(.nearest))]
    UnknownPath {
        /// What was written.
        path: String,
        /// The field most like it.
        nearest: Option<String>,
    },
    /// The rule cannot decide on such values.
    #[error("`{path}` is {kind}, which `{rule}` cannot decide (use one of {})", .fitting.join(", "))]
    Unfit {
        /// The field.
        path: String,
        /// What the field holds.
        kind: &'static str,
        /// The rule's name.
        rule: &'static str,
        /// The names of rules that can.
        fitting: Vec<&'static str>,
    },
    /// A field has two rules.
    #[error("`{0}` has two rules")]
    Twice(String),
}

fn hint(nearest: &Option<String>) -> String {
    let hint = nearest.as_ref();
    hint.map_or_else(String::new, |it| format!("; did you mean `{it}`?"))
}

impl FieldRuleError {
    pub(super) fn unknown_rule(name: &str) -> Self {
        let likeness = |known: &str| strsim::jaro_winkler(known, name);
        Self::UnknownRule {
            name: name.to_owned(),
            nearest: nearest(FieldRule::NAMES.map(str::to_owned), likeness),
        }
    }
}

impl FieldRules {
    /// Reads overrides such as `/price=median:1%`, and checks them against the schema.
    ///
    /// A path is a JSON pointer (`/address/city`); the first slash may be missing, and in a path
    /// without any, dots divide (`address.city`). An empty path is the whole answer. Items of
    /// lists have no rules of their own.
    ///
    /// # Errors
    ///
    /// Returns a [`FieldRuleError`] that names what is wrong and, where one is near, what may be
    /// meant.
    pub fn parse<S: AsRef<str>>(
        schema: &Value,
        overrides: impl IntoIterator<Item = S>,
    ) -> Result<Self, FieldRuleError> {
        let mut rules = Self::default();
        for text in overrides {
            let text = text.as_ref();
            let not_an_assignment = || FieldRuleError::NotAnAssignment(text.to_owned());
            let (path, rule) = text.rsplit_once('=').ok_or_else(not_an_assignment)?;
            rules.set(schema, path.trim(), rule.parse()?)?;
        }
        Ok(rules)
    }

    /// Sets the rule of one field.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn set(
        &mut self,
        schema: &Value,
        path: &str,
        rule: FieldRule,
    ) -> Result<(), FieldRuleError> {
        rule.check()?;
        let names = segments(path);
        let mut shape = Shape::new(schema, schema);
        for name in &names {
            let inner = shape.addressable(name);
            shape = inner.ok_or_else(|| unknown_path(schema, path))?;
        }
        let path = names.iter().fold(String::new(), |path, it| join(&path, it));
        check_fit(&path, &shape.kind(), rule)?;
        match self.overrides.insert(path.clone(), rule) {
            None => Ok(()),
            Some(_) => Err(FieldRuleError::Twice(path)),
        }
    }

    pub(super) fn get(&self, path: &str) -> Option<FieldRule> {
        self.overrides.get(path).copied()
    }
}

fn check_fit(path: &str, kind: &Kind<'_>, rule: FieldRule) -> Result<(), FieldRuleError> {
    let fitting = kind.fitting();
    if fitting.contains(&rule.name()) {
        return Ok(());
    }
    Err(FieldRuleError::Unfit {
        path: path.to_owned(),
        kind: kind.name(),
        rule: rule.name(),
        fitting: fitting.to_vec(),
    })
}

fn unknown_path(schema: &Value, path: &str) -> FieldRuleError {
    let written = segments(path);
    let full = written
        .iter()
        .fold(String::new(), |path, it| join(&path, it));
    let last = written.last().map_or("", String::as_str);
    let likeness = |known: &str| {
        let known_last = known.rsplit('/').next().unwrap_or_default();
        let by_name = strsim::jaro_winkler(known_last, last) * 0.99;
        strsim::jaro_winkler(known, &full).max(by_name)
    };
    let nearest = nearest(Shape::new(schema, schema).paths(), likeness);
    let path = path.to_owned();
    FieldRuleError::UnknownPath { path, nearest }
}

/// Returns the candidate most like what was written, if it is like it at all.
fn nearest(
    candidates: impl IntoIterator<Item = String>,
    likeness: impl Fn(&str) -> f64,
) -> Option<String> {
    candidates
        .into_iter()
        .map(|it| (likeness(&it), it))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, it)| it)
}
