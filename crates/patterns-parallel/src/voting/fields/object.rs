//! Walks the schema of an answer and decides every field of it.

use patterns_core::{SchemaView, pointer};
use serde_json::{Map, Value};

use super::Fields;
use super::field_rule::FieldRule;
use super::leaf::{FieldRuling, leaf, null_wins, of_kind};
use crate::voting::rules::{Decision, FieldElection, Plurality, Share, TieBreak};

/// What votes on objects come to.
#[derive(Debug)]
pub(super) struct ObjectElection {
    pub(super) value: Value,
    pub(super) is_complete: bool,
    pub(super) fields: Vec<FieldElection>,
}

/// Decides on objects, in voter order, field by field.
pub(super) fn decide_object(
    fields: &Fields,
    ballots: &[Value],
    tie_break: TieBreak,
) -> ObjectElection {
    let mut object = DecidedObject {
        rules: fields,
        tie_break,
        total_ballots: ballots.len() as u64,
        is_complete: true,
        fields: Vec::new(),
    };
    let ballots: Vec<Option<&Value>> = ballots.iter().map(Some).collect();
    let value = object.field("", &SchemaView::new(&fields.schema), &ballots, true);
    ObjectElection {
        value: value.unwrap_or_default(),
        is_complete: object.is_complete,
        fields: object.fields,
    }
}

/// An object as far as it is decided.
struct DecidedObject<'r> {
    rules: &'r Fields,
    tie_break: TieBreak,
    total_ballots: u64,
    is_complete: bool,
    fields: Vec<FieldElection>,
}

impl DecidedObject<'_> {
    /// Decides one field; `None` if it is left out.
    fn field<'a>(
        &mut self,
        path: &str,
        shape: &SchemaView<'a>,
        ballots: &[Option<&'a Value>],
        is_required: bool,
    ) -> Option<Value> {
        let kind = shape.kind();
        let read = |ballot: &Option<&'a Value>| match (*ballot)? {
            Value::Null => shape.is_nullable().then_some(&Value::Null),
            value => of_kind(&kind, value),
        };
        let ballots: Vec<Option<&Value>> = ballots.iter().map(read).collect();
        let rule = self
            .rules
            .rules
            .get(path)
            .copied()
            .or(FieldRule::usual(&kind));
        let ruling = match rule {
            Some(rule) => leaf(&ballots, &kind, shape, rule, self.tie_break),
            None => match null_wins(&ballots, self.tie_break) {
                Some(ruling) => ruling,
                None => return Some(self.object(path, shape, &ballots)),
            },
        };
        let rule = rule.unwrap_or(FieldRule::Plurality(Plurality::new()));
        let value = self.value(&ruling, shape.is_nullable(), is_required);
        self.report(path, rule, value.clone(), ruling);
        value
    }

    /// Returns what stands in the field; the object is incomplete if something must, but nothing does.
    fn value(
        &mut self,
        ruling: &FieldRuling,
        is_nullable: bool,
        is_required: bool,
    ) -> Option<Value> {
        let is_absent = ruling.decision == Decision::QuorumMissed && !is_required;
        let value = match &ruling.value {
            Some(value) if ruling.decision.is_won() => Some(value.clone()),
            _ => (is_nullable && !is_absent).then_some(Value::Null),
        };
        self.is_complete &= value.is_some() || !is_required;
        value
    }

    fn object<'a>(
        &mut self,
        path: &str,
        shape: &SchemaView<'a>,
        ballots: &[Option<&'a Value>],
    ) -> Value {
        let properties = shape.properties();
        let mut object = Map::new();
        for (name, inner) in &properties {
            let is_required = shape.is_required(name);
            let value = self.field(
                &pointer::join(path, [name]),
                inner,
                &within(ballots, name),
                is_required,
            );
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
        ballots: &[Option<&'a Value>],
        name: &str,
    ) -> Option<Value> {
        let inner = within(ballots, name);
        let having = inner.iter().flatten().count();
        let total = ballots.iter().flatten().filter(|it| it.is_object()).count();
        if having * 2 > total {
            return self.field(path, shape, &inner, false);
        }
        let decision = Decision::ThresholdMissed;
        let ruling = FieldRuling::new(None, decision, having as u64, total);
        self.report(path, FieldRule::Union(Share::MORE_THAN_HALF), None, ruling);
        None
    }

    fn report(&mut self, path: &str, rule: FieldRule, value: Option<Value>, ruling: FieldRuling) {
        self.fields.push(FieldElection {
            path: path.to_owned(),
            rule: rule.to_string(),
            value: value.unwrap_or_default(),
            decision: ruling.decision,
            votes: ruling.votes,
            total: ruling.total,
            share: ruling.agreement / ruling.total.max(1) as f64,
            abstentions: self.total_ballots - ruling.total,
            counts: ruling.counts,
            spread: ruling.spread,
        });
    }
}

fn within<'a>(ballots: &[Option<&'a Value>], name: &str) -> Vec<Option<&'a Value>> {
    let inner = |ballot: &Option<&'a Value>| (*ballot)?.get(name);
    ballots.iter().map(inner).collect()
}

/// Returns the names that occur in the ballots, in the order first seen.
fn names<'a>(ballots: &[Option<&'a Value>]) -> Vec<&'a str> {
    let mut seen = std::collections::HashSet::new();
    let objects = ballots.iter().flatten().filter_map(|it| it.as_object());
    let names = objects.flat_map(|it| it.keys().map(String::as_str));
    names.filter(|name| seen.insert(*name)).collect()
}
