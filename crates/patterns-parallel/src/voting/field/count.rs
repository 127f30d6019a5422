//! Walks the shape of an answer and holds one election per field.

use serde_json::{Map, Value};

use super::leaf::{Verdict, leaf, null_wins};
use super::shape::{Shape, join};
use super::{FieldElection, FieldRule, FieldRules, ObjectElection};
use crate::voting::numeric::share_of;
use crate::voting::rule::{Decision, TieBreak};

/// Decides on an object field by field.
///
/// `ballots` are answers of the JSON Schema `schema`, in voter order. Choices, strings and yes/no
/// are decided by plurality of what [`normalise`](crate::normalise) makes of them, numbers by the
/// median, lists by the union of the items that more than half have, objects within by their own
/// fields; `rules` say otherwise. A value that may be of several kinds is decided as a whole.
///
/// Null is a value: where it has more votes than any other (for numbers, lists and objects: than
/// all others together) the field is null. An absent field is an abstention, so an optional field
/// takes the values of those that have it. Fields that the schema does not name are taken if more
/// than half of the ballots have them.
///
/// With [`TieBreak::FirstSeen`] the earliest ballot decides ties. With [`TieBreak::NoConsensus`],
/// and where a majority or threshold is missed, nothing is made up: the field is null if it may
/// be, absent if it may be, and else the result is incomplete.
///
/// ```
/// use patterns_parallel::{FieldRules, TieBreak, decide_fields};
/// use serde_json::json;
///
/// let schema = json!({
///     "type": "object",
///     "properties": {"vendor": {"type": "string"}, "total": {"type": "number"}},
///     "required": ["vendor", "total"],
/// });
/// let ballots = [
///     json!({"vendor": "ACME Ltd.", "total": 120.5}),
///     json!({"vendor": "Acme Ltd", "total": 1205}),
///     json!({"vendor": "Apex", "total": 120.5}),
/// ];
/// let rules = FieldRules::parse(&schema, ["/vendor=majority"])?;
/// let election = decide_fields(&schema, &ballots, &rules, TieBreak::FirstSeen);
/// assert_eq!(election.value, json!({"vendor": "ACME Ltd.", "total": 120.5}));
/// # Ok::<(), patterns_parallel::FieldRuleError>(())
/// ```
pub fn decide_fields(
    schema: &Value,
    ballots: &[Value],
    rules: &FieldRules,
    tie_break: TieBreak,
) -> ObjectElection {
    let mut count = Count {
        rules,
        tie_break,
        total_ballots: ballots.len() as u64,
        is_complete: true,
        fields: Vec::new(),
    };
    let ballots: Vec<Option<&Value>> = ballots.iter().map(Some).collect();
    let value = count.field("", &Shape::new(schema, schema), &ballots, true);
    ObjectElection {
        value: value.unwrap_or_default(),
        is_complete: count.is_complete,
        total_ballots: count.total_ballots,
        fields: count.fields,
    }
}

struct Count<'r> {
    rules: &'r FieldRules,
    tie_break: TieBreak,
    total_ballots: u64,
    is_complete: bool,
    fields: Vec<FieldElection>,
}

impl Count<'_> {
    /// Decides one field; `None` if it is left out.
    fn field<'a>(
        &mut self,
        path: &str,
        shape: &Shape<'a>,
        ballots: &[Option<&'a Value>],
        is_required: bool,
    ) -> Option<Value> {
        let kind = shape.kind();
        let read = |ballot: &Option<&'a Value>| match (*ballot)? {
            Value::Null => shape.is_nullable().then_some(&Value::Null),
            value => kind.read(value),
        };
        let ballots: Vec<Option<&Value>> = ballots.iter().map(read).collect();
        let rule = self.rules.get(path).or(kind.usual_rule());
        let verdict = match rule {
            Some(rule) => leaf(&ballots, &kind, shape, rule, self.tie_break),
            None => match null_wins(&ballots, self.tie_break) {
                Some(verdict) => verdict,
                None => return Some(self.object(path, shape, &ballots)),
            },
        };
        let rule = rule.unwrap_or(FieldRule::Plurality);
        let value = self.settle(&verdict, shape.is_nullable(), is_required);
        self.report(path, rule, value.clone(), verdict);
        value
    }

    /// Returns what stands in the field; takes note if something must, but nothing does.
    fn settle(&mut self, verdict: &Verdict, is_nullable: bool, is_required: bool) -> Option<Value> {
        let is_absent = verdict.decision == Decision::QuorumMissed && !is_required;
        let value = match &verdict.value {
            Some(value) if verdict.decision.is_won() => Some(value.clone()),
            _ => (is_nullable && !is_absent).then_some(Value::Null),
        };
        self.is_complete &= value.is_some() || !is_required;
        value
    }

    fn object<'a>(
        &mut self,
        path: &str,
        shape: &Shape<'a>,
        ballots: &[Option<&'a Value>],
    ) -> Value {
        let properties = shape.properties();
        let mut object = Map::new();
        for (name, inner) in &properties {
            let is_required = shape.is_required(name);
            let value = self.field(
                &join(path, name),
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
            let value = self.undeclared(&join(path, name), &additional, ballots, name);
            object.extend(value.map(|value| (name.to_owned(), value)));
        }
        Value::Object(object)
    }

    /// Decides a field that the schema does not name: it is there if more than half have it.
    fn undeclared<'a>(
        &mut self,
        path: &str,
        shape: &Shape<'a>,
        ballots: &[Option<&'a Value>],
        name: &str,
    ) -> Option<Value> {
        let inner = within(ballots, name);
        let having = inner.iter().flatten().count();
        let total = ballots.iter().flatten().filter(|it| it.is_object()).count();
        if having * 2 > total {
            return self.field(path, shape, &inner, false);
        }
        let verdict = Verdict::without_winner(Decision::ThresholdMissed, having, total);
        self.report(path, FieldRule::Union, None, verdict);
        None
    }

    fn report(&mut self, path: &str, rule: FieldRule, value: Option<Value>, verdict: Verdict) {
        self.fields.push(FieldElection {
            path: path.to_owned(),
            rule,
            value: value.unwrap_or_default(),
            decision: verdict.decision,
            votes: verdict.votes,
            total: verdict.total,
            share: match verdict.agreement {
                Some(agreement) if verdict.total > 0 => agreement / verdict.total as f64,
                _ => share_of(verdict.votes, verdict.total),
            },
            abstentions: self.total_ballots - verdict.total,
            counts: verdict.counts,
            spread: verdict.spread,
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
