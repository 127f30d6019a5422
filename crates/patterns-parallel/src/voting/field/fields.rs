//! Decides objects field by field, each field by the rule that its kind of value calls for, or by
//! another that the user has set.

use std::collections::BTreeMap;

use patterns_core::{SchemaKind, SchemaView, nearest, pointer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::field_rule::{FieldError, FieldRule};
use super::kind::{addressable, fitting, name, pointers};
use super::object::{ObjectElection, decide_object};
use crate::voting::ballot::Ballot;
use crate::voting::judge::Judgements;
use crate::voting::rules::{Decision, Rule, Ruling, TieBreak};

/// Answers are JSON objects of a schema, and every field is decided on its own.
///
/// Choices, strings and yes/no are decided by plurality of what normalising makes
/// of them, numbers by the median, lists by the union of the items that more than half have, objects
/// within by their own fields. A value that may be of several kinds is decided as a whole.
///
/// Null is a value: where it has more votes than any other (for numbers, lists and objects: than
/// all others together) the field is null. An absent field is an abstention, so an optional field
/// takes the values of those that have it. Fields that the schema does not name are taken if more
/// than half of the ballots have them.
///
/// With [`TieBreak::FirstSeen`] the earliest ballot decides ties. With [`TieBreak::NoConsensus`],
/// and where a least share is missed, nothing is made up: the field is null if it may be, absent if
/// it may be, and else there is no winner.
///
/// ```
/// use patterns_parallel::voting::{Ballot, Fields, Judgements, Rule, TieBreak};
/// use serde_json::json;
///
/// let schema = json!({
///     "type": "object",
///     "properties": {"vendor": {"type": "string"}, "total": {"type": "number"}},
///     "required": ["vendor", "total"],
/// });
/// let ballots = [
///     r#"{"vendor": "ACME Ltd.", "total": 120.5}"#,
///     r#"{"vendor": "Acme Ltd", "total": 1205}"#,
///     r#"{"vendor": "Apex", "total": 120.5}"#,
/// ];
/// let ballots = ballots.map(|it| Ballot::new("a voter", Some(it.to_owned()), Some(it.to_owned())));
/// let rule = Fields::parse(schema, ["/vendor=majority"])?;
/// let ruling = rule.decide(&ballots, TieBreak::FirstSeen, &Judgements::default());
/// assert_eq!(ruling.winner, Some(json!({"vendor": "ACME Ltd.", "total": 120.5})));
/// # Ok::<(), patterns_parallel::voting::FieldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fields {
    schema: Value,
    /// The rules that the user has set, by path.
    rules: BTreeMap<String, FieldRule>,
}

impl Fields {
    /// Decides every field of such objects by the rule of its kind.
    pub fn new(schema: Value) -> Self {
        Self {
            schema,
            rules: BTreeMap::new(),
        }
    }

    /// Reads the rules of single fields, such as `/price=median:1%`, and checks them against the
    /// schema.
    ///
    /// A path is a JSON pointer (`/address/city`); the first slash may be missing, and in a path
    /// without any, dots divide (`address.city`). An empty path is the whole answer. Items of
    /// lists have no rules of their own.
    ///
    /// # Errors
    ///
    /// Returns a [`FieldError`] that names what is wrong and, where one is near, what may be meant.
    pub fn parse<S: AsRef<str>>(
        schema: Value,
        rules: impl IntoIterator<Item = S>,
    ) -> Result<Self, FieldError> {
        let mut fields = Self::new(schema);
        for text in rules {
            let text = text.as_ref();
            let not_an_assignment = || FieldError::NotAnAssignment(text.to_owned());
            let (path, rule) = text.rsplit_once('=').ok_or_else(not_an_assignment)?;
            fields.set(path.trim(), rule.parse()?)?;
        }
        Ok(fields)
    }

    fn set(&mut self, path: &str, rule: FieldRule) -> Result<(), FieldError> {
        let names = pointer::names(path);
        let mut field = SchemaView::new(&self.schema);
        for name in &names {
            let inner = addressable(&field, name);
            field = inner.ok_or_else(|| unknown_path(&self.schema, path))?;
        }
        let path = pointer::join("", &names);
        check_fit(&path, &field.kind(), rule)?;
        match self.rules.insert(path.clone(), rule) {
            None => Ok(()),
            Some(_) => Err(FieldError::Twice(path)),
        }
    }

    /// Returns the rule that was set for a field.
    pub(super) fn get(&self, path: &str) -> Option<FieldRule> {
        self.rules.get(path).copied()
    }

    pub(super) fn schema(&self) -> &Value {
        &self.schema
    }
}

impl Rule for Fields {
    type Winner = Value;
    type Detail = ObjectElection;

    fn decide(
        &self,
        ballots: &[Ballot],
        tie_break: TieBreak,
        _: &Judgements,
    ) -> Ruling<Value, ObjectElection> {
        let values = ballots
            .iter()
            .filter_map(|it| serde_json::from_str(it.answer.as_deref()?).ok());
        let values: Vec<Value> = values.collect();
        let object = decide_object(self, &values, tie_break);
        let shares: f64 = object.fields.iter().map(|it| it.share).sum();
        Ruling {
            winner: Some(object.value.clone()),
            decision: match object.is_complete {
                true => Decision::Won,
                false => Decision::ThresholdMissed,
            },
            vote_count: values.iter().filter(|it| **it == object.value).count() as u64,
            total_votes: object.total_ballots,
            share: shares / object.fields.len().max(1) as f64,
            share_interval: None,
            detail: Some(object),
        }
    }
}

fn check_fit(path: &str, kind: &SchemaKind<'_>, rule: FieldRule) -> Result<(), FieldError> {
    let fitting = fitting(kind);
    if fitting.contains(&rule.name()) {
        return Ok(());
    }
    Err(FieldError::Unfit {
        path: path.to_owned(),
        kind: name(kind),
        rule: rule.name(),
        fitting: fitting.to_vec(),
    })
}

fn unknown_path(schema: &Value, path: &str) -> FieldError {
    let written = pointer::names(path);
    let full = pointer::join("", &written);
    let known = pointers(schema);
    let last_name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let names: Vec<String> = known.iter().map(|it| last_name(it)).collect();
    // A name may be right where the way to it is not.
    let by_name = written.last().and_then(|last| {
        let name = nearest(last, names.iter().map(String::as_str))?;
        let alike = known.iter().filter(|it| last_name(it) == name);
        alike.min_by_key(|it| it.len())
    });
    let by_path = || nearest(&full, known.iter().map(String::as_str));
    let nearest = by_name.map(String::as_str).or_else(by_path);
    let nearest = nearest.map(str::to_owned);
    let path = path.to_owned();
    FieldError::UnknownPath { path, nearest }
}

#[cfg(test)]
mod tests;
