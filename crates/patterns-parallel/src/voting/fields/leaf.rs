//! Decides one field that is decided as a whole.

use std::cmp::{Ordering, Reverse};

use patterns_core::{SchemaKind, SchemaView};
use serde_json::Value;

use super::field_rule::FieldRule;
use super::union::union;
use crate::canonical::canonical;
use crate::voting::ballot::Ballot;
use crate::voting::judge::Judgements;
use crate::voting::rules::count::{grouped, most_frequent};
use crate::voting::rules::median::{sorted, spread};
use crate::voting::rules::{Decision, Median, Plurality, Rule, Spread, TieBreak};

/// How one field is decided.
#[derive(Debug)]
pub(super) struct FieldRuling {
    pub(super) value: Option<Value>,
    pub(super) decision: Decision,
    pub(super) votes: u64,
    pub(super) total: u64,
    /// The votes, each counted as far as it agrees.
    pub(super) agreement: f64,
    pub(super) counts: Vec<(Value, u64)>,
    pub(super) spread: Option<Spread>,
}

impl FieldRuling {
    pub(super) fn new(value: Option<Value>, decision: Decision, votes: u64, total: usize) -> Self {
        Self {
            value,
            decision,
            votes,
            total: total as u64,
            agreement: votes as f64,
            counts: Vec::new(),
            spread: None,
        }
    }
}

/// Decides a field; a missing ballot is an abstention.
pub(super) fn leaf(
    ballots: &[Option<&Value>],
    kind: &SchemaKind<'_>,
    shape: &SchemaView<'_>,
    rule: FieldRule,
    tie_break: TieBreak,
) -> FieldRuling {
    match rule {
        FieldRule::Plurality(rule) => most_votes(ballots, kind, rule, tie_break),
        FieldRule::Union(least) => beside_null(ballots, tie_break, || union(least, ballots, shape)),
        FieldRule::Median(rule) => {
            beside_null(ballots, tie_break, || middle(ballots, rule, tie_break))
        }
    }
}

/// Returns the ruling if null has at least as many votes as all else, or if nobody voted.
pub(super) fn null_wins(ballots: &[Option<&Value>], tie_break: TieBreak) -> Option<FieldRuling> {
    let mut cast = ballots.iter().flatten().peekable();
    let is_first = cast.peek().is_some_and(|it| it.is_null());
    let total = ballots.iter().flatten().count();
    let nulls = cast.filter(|it| it.is_null()).count();
    let decision = match nulls.cmp(&(total - nulls)) {
        _ if total == 0 => Decision::QuorumMissed,
        Ordering::Less => return None,
        Ordering::Greater => Decision::Won,
        Ordering::Equal => match tie_break.decide(true) {
            Decision::WonByTieBreak if !is_first => return None,
            decision => decision,
        },
    };
    Some(FieldRuling {
        counts: counts(ballots, canonical),
        ..FieldRuling::new(Some(Value::Null), decision, nulls as u64, total)
    })
}

/// Decides for null where that wins, and else on what is not null.
fn beside_null(
    ballots: &[Option<&Value>],
    tie_break: TieBreak,
    decide: impl FnOnce() -> FieldRuling,
) -> FieldRuling {
    if let Some(ruling) = null_wins(ballots, tie_break) {
        return ruling;
    }
    let mut ruling = decide();
    let votes = ballots.iter().flatten().filter(|it| it.is_null()).count() as u64;
    if votes > 0 {
        if ruling.decision == Decision::Won && ruling.total == votes {
            ruling.decision = Decision::WonByTieBreak;
        }
        ruling.total += votes;
        ruling.counts.push((Value::Null, votes));
        ruling.counts.sort_by_key(|it| Reverse(it.1));
    }
    ruling
}

fn most_votes(
    ballots: &[Option<&Value>],
    kind: &SchemaKind<'_>,
    rule: Plurality,
    tie_break: TieBreak,
) -> FieldRuling {
    let key = |value: &Value| match kind {
        SchemaKind::Choice(_) => value.to_string(),
        _ => canonical(value),
    };
    // The very rule that decides on plain answers decides here; keys stand for the values.
    let stand_in = |it: &Option<&Value>| {
        let key = it.map(key);
        Ballot::new("", key.clone(), key)
    };
    let stand_ins: Vec<Ballot> = ballots.iter().map(stand_in).collect();
    let ruling = rule.decide(&stand_ins, tie_break, &Judgements::default());
    let counts = counts(ballots, key);
    let value = counts.first().map(|it| it.0.clone());
    let total = ballots.iter().flatten().count();
    FieldRuling {
        counts,
        ..FieldRuling::new(value, ruling.decision, ruling.vote_count, total)
    }
}

/// Decides a number, or text that is read as one. Nulls are counted elsewhere.
fn middle(ballots: &[Option<&Value>], rule: Median, tie_break: TieBreak) -> FieldRuling {
    let votes = sorted(ballots.iter().map(|it| read(*it)));
    let (value, agreeing, decision) = match rule.among(&votes, tie_break) {
        Some((winner, agreeing, decision)) => {
            let value = ballots.get(winner.voter).copied().flatten();
            (value.cloned(), agreeing, decision)
        }
        None => (None, 0, Decision::QuorumMissed),
    };
    let readable = ballots
        .iter()
        .map(|it| it.filter(|it| read(Some(it)).is_some()));
    let readable: Vec<Option<&Value>> = readable.collect();
    FieldRuling {
        counts: counts(&readable, canonical),
        spread: spread(&votes),
        ..FieldRuling::new(value, decision, agreeing as u64, votes.len())
    }
}

fn read(ballot: Option<&Value>) -> Option<f64> {
    match ballot? {
        Value::String(text) => Median::read_number(text),
        value => value.as_f64(),
    }
}

/// Returns each value with its votes.
fn counts(ballots: &[Option<&Value>], key: impl Fn(&Value) -> String) -> Vec<(Value, u64)> {
    ranked(&grouped(ballots.iter().flatten().map(|it| (key(it), *it))))
}

/// Returns each group in its most frequent spelling, most votes first, ties in the order seen.
pub(super) fn ranked(groups: &[Vec<&Value>]) -> Vec<(Value, u64)> {
    let count = |group: &Vec<&Value>| {
        let value = most_frequent(group.iter().copied())?;
        Some((value.clone(), group.len() as u64))
    };
    let mut counts: Vec<(Value, u64)> = groups.iter().filter_map(count).collect();
    counts.sort_by_key(|it| Reverse(it.1));
    counts
}

/// Returns a ballot's value as one of this kind, or nothing if it is of another; a choice
/// that is spelled differently becomes the one that is meant.
pub(super) fn of_kind<'a>(kind: &SchemaKind<'a>, value: &'a Value) -> Option<&'a Value> {
    let is_whole = |value: &Value| value.as_f64().is_some_and(|it| it.fract() == 0.0);
    let fits = match kind {
        SchemaKind::Object => value.is_object(),
        SchemaKind::List => value.is_array(),
        SchemaKind::Choice(choices) => return meant(choices, value),
        SchemaKind::Integer => value.is_i64() || value.is_u64() || is_whole(value),
        SchemaKind::Number => value.is_number(),
        SchemaKind::Flag => value.is_boolean(),
        SchemaKind::Text => value.is_string(),
        SchemaKind::Any => true,
    };
    fits.then_some(value)
}

fn meant<'a>(choices: &[&'a Value], value: &Value) -> Option<&'a Value> {
    if let Some(choice) = choices.iter().find(|it| **it == value) {
        return Some(choice);
    }
    let counted = canonical(value);
    let mut alike = choices.iter().filter(|it| canonical(it) == counted);
    let choice = alike.next()?;
    alike.next().is_none().then_some(*choice)
}
