//! What a rule decides about one field, before it is known whether the field may be null or absent.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::canonical;
use crate::voting::rules::count::{grouped, most_frequent};
use crate::voting::rules::{Decision, Spread};

/// A value and its votes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueCount {
    /// The value in its most frequent spelling.
    pub value: Value,
    /// How many ballots have it.
    pub votes: u64,
}

/// How one field is decided.
#[derive(Debug)]
pub(super) struct FieldRuling {
    pub(super) value: Option<Value>,
    pub(super) decision: Decision,
    pub(super) votes: u64,
    pub(super) total: u64,
    /// The votes, each counted as far as it agrees, where ballots can agree in part.
    pub(super) agreement: Option<f64>,
    pub(super) counts: Vec<ValueCount>,
    pub(super) spread: Option<Spread>,
}

impl FieldRuling {
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
    pub(super) fn with_nulls(mut self, votes: u64) -> Self {
        if votes == 0 {
            return self;
        }
        if self.decision == Decision::Won && self.total == votes {
            self.decision = Decision::WonByTieBreak;
        }
        self.total += votes;
        let value = Value::Null;
        self.counts.push(ValueCount { value, votes });
        self.counts.sort_by_key(|it| Reverse(it.votes));
        self
    }
}

/// Returns each value with its votes.
pub(super) fn counts<'a>(
    values: impl Iterator<Item = &'a Value>,
    key: impl Fn(&Value) -> String,
) -> Vec<ValueCount> {
    ranked(&grouped(values.map(|it| (key(it), it))))
}

/// Returns each value as it is counted, with its votes.
pub(super) fn canonical_counts(ballots: &[Option<&Value>]) -> Vec<ValueCount> {
    counts(ballots.iter().copied().flatten(), canonical)
}

/// Returns each group in its most frequent spelling, most votes first, ties in the order seen.
pub(super) fn ranked(groups: &[Vec<&Value>]) -> Vec<ValueCount> {
    let count = |group: &Vec<&Value>| {
        let value = most_frequent(group.iter().copied())?.clone();
        let votes = group.len() as u64;
        Some(ValueCount { value, votes })
    };
    let mut counts: Vec<ValueCount> = groups.iter().filter_map(count).collect();
    counts.sort_by_key(|it| Reverse(it.votes));
    counts
}
