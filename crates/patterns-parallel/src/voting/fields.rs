//! Decides objects field by field, each field by the rule that its kind of value calls for, or by
//! another that the user has set.
//!
//! ```text
//! schema ─► kinds ─┐
//! rules of fields ─► Fields ─► one ruling per field ─► Detail::Fields
//! ballots ─────────┘
//! ```

mod field_rule;
mod leaf;
mod object;

use std::collections::BTreeMap;

use patterns_core::pointer;
use serde_json::Value;

use super::judge::Judgements;
use super::question::Ballot;
use super::rules::{Decision, Detail, Rule, Ruling, TieBreak};
use crate::RunError;
use field_rule::{FieldRule, find};
use object::decide_object;

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
/// use patterns_parallel::voting::{Ballot, Fields, Rule, TieBreak};
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
/// let ruling = rule.decide(&ballots, TieBreak::FirstSeen, &Default::default());
/// assert_eq!(ruling.winner, Some(json!({"vendor": "ACME Ltd.", "total": 120.5})));
/// # Ok::<(), patterns_parallel::RunError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
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
    /// Returns a [`RunError`] that names what is wrong and, where one is near, what may be meant.
    pub fn parse<S: AsRef<str>>(
        schema: Value,
        rules: impl IntoIterator<Item = S>,
    ) -> Result<Self, RunError> {
        let mut fields = Self::new(schema);
        for text in rules {
            let text = text.as_ref();
            let (path, rule) = text.rsplit_once('=').ok_or_else(|| {
                RunError::Part(format!(
                    "`{text}` is no PATH=RULE, such as /price=median:1%"
                ))
            })?;
            let (path, rule) = (path.trim(), rule.parse::<FieldRule>()?);
            let kind = find(&fields.schema, path)?.kind();
            let path = pointer::join("", pointer::names(path));
            rule.check(&path, &kind)?;
            if fields.rules.insert(path.clone(), rule).is_some() {
                return Err(RunError::Part(format!("`{path}` has two rules")));
            }
        }
        Ok(fields)
    }
}

impl Rule for Fields {
    type Winner = Value;

    fn decide(&self, ballots: &[Ballot], tie_break: TieBreak, _: &Judgements) -> Ruling<Value> {
        let values = ballots
            .iter()
            .filter_map(|it| serde_json::from_str(it.answer.as_deref()?).ok());
        let values: Vec<Value> = values.collect();
        let object = decide_object(self, &values, tie_break);
        let (value, is_complete, fields) = (object.value, object.is_complete, object.fields);
        let shares: f64 = fields.iter().map(|it| it.share).sum();
        let total_votes = values.len() as u64;
        Ruling {
            decision: match is_complete {
                true => Decision::Won,
                false => Decision::ThresholdMissed,
            },
            vote_count: values.iter().filter(|it| **it == value).count() as u64,
            total_votes,
            share: shares / fields.len().max(1) as f64,
            share_interval: None,
            winner: Some(value.clone()),
            detail: Some(Detail::Fields {
                value,
                is_complete,
                total_ballots: total_votes,
                fields,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
