//! Decides one field that is decided as a whole.

use std::collections::HashMap;

use serde_json::Value;

use super::canonical::{canonical, most_frequent};
use super::shape::{Kind, Shape};
use super::{FieldRule, ValueCount, list, number};
use crate::voting::ballot::Ballot;
use crate::voting::numeric::Spread;
use crate::voting::rule::{self, Decision, Rule, TieBreak, by_tie_break};

/// How one field is decided, before anybody asks whether it may be null or absent.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) value: Option<Value>,
    pub(super) decision: Decision,
    pub(super) votes: u64,
    pub(super) total: u64,
    /// The votes, each counted as far as it agrees, where ballots can agree in part.
    pub(super) agreement: Option<f64>,
    pub(super) counts: Vec<ValueCount>,
    pub(super) spread: Option<Spread>,
}

impl Verdict {
    pub(super) fn without_winner(decision: Decision, votes: usize, total: usize) -> Self {
        Self {
            value: None,
            decision,
            votes: votes as u64,
            total: total as u64,
            agreement: None,
            counts: Vec::new(),
            spread: None,
        }
    }

    /// Adds the votes for null, which did not win.
    fn with_nulls(mut self, votes: u64) -> Self {
        if votes == 0 {
            return self;
        }
        if self.decision == Decision::Won && self.total == votes {
            self.decision = Decision::WonByTieBreak;
        }
        self.total += votes;
        let value = Value::Null;
        self.counts.push(ValueCount { value, votes });
        self.counts.sort_by_key(|it| std::cmp::Reverse(it.votes));
        self
    }
}

/// Decides a field; a missing ballot is an abstention.
pub(super) fn leaf(
    ballots: &[Option<&Value>],
    kind: &Kind<'_>,
    shape: &Shape<'_>,
    rule: FieldRule,
    tie_break: TieBreak,
) -> Verdict {
    if let Some(rule) = rule.on_whole_values() {
        return most_votes(ballots, kind, rule, tie_break);
    }
    if let Some(verdict) = null_wins(ballots, tie_break) {
        return verdict;
    }
    let verdict = match rule {
        FieldRule::Median(tolerance) => number::decide(ballots, tolerance, tie_break),
        _ => list::decide(ballots, shape, rule),
    };
    let nulls = ballots.iter().flatten().filter(|it| it.is_null());
    verdict.with_nulls(nulls.count() as u64)
}

/// Returns the verdict if null has at least as many votes as all else, or if nobody voted.
pub(super) fn null_wins(ballots: &[Option<&Value>], tie_break: TieBreak) -> Option<Verdict> {
    let mut cast = ballots.iter().flatten().peekable();
    let is_first = cast.peek().is_some_and(|it| it.is_null());
    let (nulls, others): (Vec<&Value>, Vec<&Value>) = cast.partition(|it| it.is_null());
    let total = nulls.len() + others.len();
    let decision = match nulls.len().cmp(&others.len()) {
        _ if total == 0 => Decision::QuorumMissed,
        std::cmp::Ordering::Less => return None,
        std::cmp::Ordering::Greater => Decision::Won,
        std::cmp::Ordering::Equal => match by_tie_break(true, tie_break) {
            Decision::WonByTieBreak if !is_first => return None,
            decision => decision,
        },
    };
    Some(Verdict {
        value: Some(Value::Null),
        counts: counts(ballots),
        ..Verdict::without_winner(decision, nulls.len(), total)
    })
}

fn most_votes(
    ballots: &[Option<&Value>],
    kind: &Kind<'_>,
    rule: Rule,
    tie_break: TieBreak,
) -> Verdict {
    let key = |value: &Value| match kind {
        Kind::Choice(_) => value.to_string(),
        _ => canonical(value),
    };
    let groups = group(ballots.iter().copied().flatten(), key);
    // The very rule that decides on plain answers decides here; keys stand for the values.
    let stand_ins = ballots.iter().map(|it| stand_in(it.map(key))).collect();
    let election = rule::decide(stand_ins, rule, tie_break, 0);
    let counts = ranked(&groups);
    Verdict {
        value: counts.first().map(|it| it.value.clone()),
        decision: election.decision,
        votes: election.vote_count,
        total: election.total_votes,
        counts,
        agreement: None,
        spread: None,
    }
}

fn stand_in(key: Option<String>) -> Ballot {
    Ballot {
        voter: String::new(),
        answer: key.clone(),
        normalised: key,
    }
}

/// Returns values that count as equal together, in the order first seen.
pub(super) fn group<'a>(
    values: impl Iterator<Item = &'a Value>,
    key: impl Fn(&Value) -> String,
) -> Vec<Vec<&'a Value>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Vec<&Value>> = Vec::new();
    for value in values {
        let place = *places.entry(key(value)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(value),
            None => groups.push(vec![value]),
        }
    }
    groups
}

/// Returns each group in its most frequent spelling, most votes first, ties in the order seen.
pub(super) fn ranked(groups: &[Vec<&Value>]) -> Vec<ValueCount> {
    let count = |group: &Vec<&Value>| {
        let value = most_frequent(group)?.clone();
        let votes = group.len() as u64;
        Some(ValueCount { value, votes })
    };
    let mut counts: Vec<ValueCount> = groups.iter().filter_map(count).collect();
    counts.sort_by_key(|it| std::cmp::Reverse(it.votes));
    counts
}

/// Returns each value with its votes.
pub(super) fn counts(ballots: &[Option<&Value>]) -> Vec<ValueCount> {
    ranked(&group(ballots.iter().copied().flatten(), canonical))
}
