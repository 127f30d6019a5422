//! Decides one field that is decided as a whole.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, HashMap};

use patterns_core::text::{canonical, read_number};
use patterns_core::{SchemaKind, SchemaView};
use serde_json::Value;

use super::field_rule::FieldRule;
use crate::voting::rules::count::{grouped, most_frequent};
use crate::voting::rules::median::{sorted, spread};
use crate::voting::rules::{Decision, FieldElection, Median, Plurality, Share, TieBreak};

/// Decides a field by the values of the ballots that have it, in voter order.
pub(super) fn leaf(
    values: &[&Value],
    shape: &SchemaView<'_>,
    rule: FieldRule,
    tie_break: TieBreak,
) -> FieldElection {
    let is_any_value = matches!(rule, FieldRule::Plurality(_));
    if !is_any_value && let Some(election) = null_wins(values, tie_break) {
        return election;
    }
    let others: Vec<&Value> = values.iter().copied().filter(|it| !it.is_null()).collect();
    let nulls = values.len() - others.len();
    let mut election = match rule {
        FieldRule::Plurality(rule) => return most_votes(values, &shape.kind(), rule, tie_break),
        FieldRule::Median(rule) => middle(&others, nulls, rule, tie_break),
        FieldRule::Union(least) => union(&others, nulls, least, shape),
    };
    if nulls > 0 {
        if election.decision == Decision::Won && election.total == 2 * nulls as u64 {
            election.decision = Decision::WonByTieBreak;
        }
        election.counts.push((Value::Null, nulls as u64));
        election.counts.sort_by_key(|it| Reverse(it.1));
    }
    election
}

/// Returns the election if null has at least as many votes as all else, or if nobody voted.
pub(super) fn null_wins(values: &[&Value], tie_break: TieBreak) -> Option<FieldElection> {
    let nulls = values.iter().filter(|it| it.is_null()).count();
    let decision = match nulls.cmp(&(values.len() - nulls)) {
        _ if values.is_empty() => Decision::QuorumMissed,
        Ordering::Less => return None,
        Ordering::Greater => Decision::Won,
        Ordering::Equal => match tie_break.decide(true) {
            Decision::WonByTieBreak if !values[0].is_null() => return None,
            decision => decision,
        },
    };
    Some(FieldElection {
        counts: counts(values, canonical),
        ..FieldElection::new(Value::Null, decision, nulls as u64, values.len())
    })
}

fn most_votes(
    values: &[&Value],
    kind: &SchemaKind<'_>,
    rule: Plurality,
    tie_break: TieBreak,
) -> FieldElection {
    let counts = counts(values, |value| match kind {
        SchemaKind::Choice(_) => value.to_string(),
        _ => canonical(value),
    });
    let weights: Vec<f64> = counts.iter().map(|it| it.1 as f64).collect();
    let decision = rule.among(&weights, values.len() as u64, tie_break);
    let (value, votes) = counts.first().cloned().unwrap_or_default();
    FieldElection {
        counts,
        ..FieldElection::new(value, decision, votes, values.len())
    }
}

/// Decides a number, or text that is read as one.
fn middle(values: &[&Value], nulls: usize, rule: Median, tie_break: TieBreak) -> FieldElection {
    let read = |value: &Value| match value {
        Value::String(text) => read_number(text),
        value => value.as_f64(),
    };
    let numbers = values.iter().copied().filter(|it| read(it).is_some());
    let numbers: Vec<&Value> = numbers.collect();
    let votes = sorted(numbers.iter().map(|it| read(it)));
    let (value, agreeing, decision) = match rule.among(&votes, tie_break) {
        Some((winner, agreeing, decision)) => (numbers[winner.voter].clone(), agreeing, decision),
        None => (Value::Null, 0, Decision::QuorumMissed),
    };
    FieldElection {
        counts: counts(&numbers, canonical),
        spread: spread(&votes),
        ..FieldElection::new(value, decision, agreeing as u64, votes.len() + nulls)
    }
}

/// Decides a list: the items win that enough of the lists have, in the order first seen. What a list
/// repeats counts once.
fn union(lists: &[&Value], nulls: usize, needed: Share, shape: &SchemaView<'_>) -> FieldElection {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut items: Vec<Vec<&Value>> = Vec::new();
    let mut sets: Vec<BTreeSet<usize>> = Vec::new();
    for list in lists.iter().filter_map(|it| it.as_array()) {
        let mut set = BTreeSet::new();
        for item in list {
            let place = *places.entry(canonical(item)).or_insert(items.len());
            if place == items.len() {
                items.push(Vec::new());
            }
            if set.insert(place) {
                items[place].push(item);
            }
        }
        sets.push(set);
    }
    let (least, most) = shape.item_bounds();
    let is_in = |place: &usize| needed.is_met(items[*place].len() as f64, sets.len() as f64);
    let mut chosen: Vec<usize> = (0..items.len()).filter(is_in).collect();
    // If the schema allows fewer, those with the most votes.
    chosen.sort_by_key(|place| Reverse(items[*place].len()));
    let chosen: BTreeSet<usize> = chosen.into_iter().take(most).collect();
    let value = chosen
        .iter()
        .filter_map(|it| most_frequent(items[*it].iter().copied()));
    let decision = match chosen.len() >= least {
        true => Decision::Won,
        false => Decision::ThresholdMissed,
    };
    let votes = sets.iter().filter(|it| **it == chosen).count() as u64;
    // In how many of all items a list agrees that they are in or out.
    let differing = |set: &BTreeSet<usize>| set.symmetric_difference(&chosen).count() as f64;
    let agreement = sets
        .iter()
        .map(|it| 1.0 - differing(it) / items.len().max(1) as f64);
    let (agreement, total) = (agreement.sum::<f64>(), sets.len() + nulls);
    FieldElection {
        share: agreement / total.max(1) as f64,
        counts: ranked(&items),
        ..FieldElection::new(value.cloned().collect(), decision, votes, total)
    }
}

/// Returns each value with its votes.
fn counts(values: &[&Value], key: impl Fn(&Value) -> String) -> Vec<(Value, u64)> {
    ranked(&grouped(values.iter().map(|it| (key(it), *it))))
}

/// Returns each group in its most frequent spelling, most votes first, ties in the order seen.
fn ranked(groups: &[Vec<&Value>]) -> Vec<(Value, u64)> {
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
