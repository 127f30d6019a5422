//! Walks the schema of an answer and decides every field of it.

use patterns_core::{SchemaView, pointer};
use serde_json::{Map, Value};

use super::Fields;
use super::field_rule::FieldRule;
use super::leaf::{leaf, null_wins, of_kind};
use crate::voting::rules::{Decision, FieldElection, Plurality, Share, TieBreak};

/// What votes on objects come to, as far as they are decided.
#[derive(Debug)]
pub(super) struct ObjectElection<'r> {
    rules: &'r Fields,
    tie_break: TieBreak,
    total_ballots: u64,
    pub(super) value: Value,
    pub(super) is_complete: bool,
    pub(super) fields: Vec<FieldElection>,
}

/// Decides on objects, in voter order, field by field.
pub(super) fn decide_object<'r>(
    rules: &'r Fields,
    ballots: &[Value],
    tie_break: TieBreak,
) -> ObjectElection<'r> {
    let mut object = ObjectElection {
        rules,
        tie_break,
        total_ballots: ballots.len() as u64,
        value: Value::Null,
        is_complete: true,
        fields: Vec::new(),
    };
    let ballots: Vec<&Value> = ballots.iter().collect();
    let value = object.field("", &SchemaView::new(&rules.schema), &ballots, true);
    object.value = value.unwrap_or_default();
    object
}

impl ObjectElection<'_> {
    /// Decides one field by the ballots that have it; `None` if it is left out.
    fn field<'a>(
        &mut self,
        path: &str,
        shape: &SchemaView<'a>,
        ballots: &[&'a Value],
        is_required: bool,
    ) -> Option<Value> {
        let kind = shape.kind();
        let read = |ballot: &&'a Value| match *ballot {
            Value::Null => shape.is_nullable().then_some(&Value::Null),
            value => of_kind(&kind, value),
        };
        let values: Vec<&Value> = ballots.iter().filter_map(read).collect();
        let usual = || FieldRule::usual(&kind);
        let rule = self.rules.rules.get(path).copied().or_else(usual);
        let election = match rule {
            Some(rule) => leaf(&values, shape, rule, self.tie_break),
            None => match null_wins(&values, self.tie_break) {
                Some(election) => election,
                None => return Some(self.object(path, shape, &values)),
            },
        };
        let value = self.value(&election, shape.is_nullable(), is_required);
        let rule = rule.unwrap_or(FieldRule::Plurality(Plurality::new()));
        self.report(path, rule, value.clone(), election);
        value
    }

    /// Returns what stands in the field; the object is incomplete if something must, but nothing does.
    fn value(
        &mut self,
        election: &FieldElection,
        is_nullable: bool,
        is_required: bool,
    ) -> Option<Value> {
        let is_absent = election.decision == Decision::QuorumMissed && !is_required;
        let value = match election.decision.is_won() {
            true => Some(election.value.clone()),
            false => (is_nullable && !is_absent).then_some(Value::Null),
        };
        self.is_complete &= value.is_some() || !is_required;
        value
    }

    fn object<'a>(&mut self, path: &str, shape: &SchemaView<'a>, ballots: &[&'a Value]) -> Value {
        let properties = shape.properties();
        let mut object = Map::new();
        for (name, inner) in &properties {
            let (path, ballots) = (pointer::join(path, [name]), within(ballots, name));
            let value = self.field(&path, inner, &ballots, shape.is_required(name));
            object.extend(value.map(|value| ((*name).to_owned(), value)));
        }
        let Some(additional) = shape.additional() else {
            return Value::Object(object);
        };
        let is_declared = |name: &str| properties.iter().any(|it| it.0 == name);
        for name in names(ballots).into_iter().filter(|it| !is_declared(it)) {
            let value = self.undeclared(&pointer::join(path, [name]), &additional, ballots, name);
            object.extend(value.map(|value| (name.to_owned(), value)));
        }
        Value::Object(object)
    }

    /// Decides a field that the schema does not name: it is there if more than half have it.
    fn undeclared<'a>(
        &mut self,
        path: &str,
        shape: &SchemaView<'a>,
        ballots: &[&'a Value],
        name: &str,
    ) -> Option<Value> {
        let inner = within(ballots, name);
        let total = ballots.iter().filter(|it| it.is_object()).count();
        if inner.len() * 2 > total {
            return self.field(path, shape, &inner, false);
        }
        let votes = inner.len() as u64;
        let election = FieldElection::new(Value::Null, Decision::ThresholdMissed, votes, total);
        self.report(
            path,
            FieldRule::Union(Share::MORE_THAN_HALF),
            None,
            election,
        );
        None
    }

    fn report(&mut self, path: &str, rule: FieldRule, value: Option<Value>, of: FieldElection) {
        self.fields.push(FieldElection {
            path: path.to_owned(),
            rule: rule.to_string(),
            value: value.unwrap_or_default(),
            abstentions: self.total_ballots - of.total,
            ..of
        });
    }
}

fn within<'a>(ballots: &[&'a Value], name: &str) -> Vec<&'a Value> {
    ballots.iter().filter_map(|it| it.get(name)).collect()
}

/// Returns the names that occur in the ballots, in the order first seen.
fn names<'a>(ballots: &[&'a Value]) -> Vec<&'a str> {
    let mut seen = std::collections::HashSet::new();
    let objects = ballots.iter().filter_map(|it| it.as_object());
    let names = objects.flat_map(|it| it.keys().map(String::as_str));
    names.filter(|name| seen.insert(*name)).collect()
}
