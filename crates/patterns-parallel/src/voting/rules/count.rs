//! Counts what is given several times: groups of equals, and their most frequent spelling.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;

use serde::Serialize;

use crate::voting::question::Ballot;

/// An answer and what it has got.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AnswerCount {
    /// The answer in its most frequent spelling.
    pub answer: String,
    /// The sum of its voters' weights, where they weigh differently.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// How many voters gave it, or one that means the same.
    pub votes: u64,
    /// Under `best-of`, how many pairs it won.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wins: Option<u64>,
    /// Under `same-meaning`, the answers that mean the same and count with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<String>,
}

/// Returns the answers with their votes, most votes first, ties in the order seen.
pub(in crate::voting) fn count_answers(ballots: &[Ballot]) -> Vec<AnswerCount> {
    let mut counts = weigh_answers(ballots, |_| 1.0);
    counts.iter_mut().for_each(|it| it.weight = None);
    counts
}

/// Returns the answers with their votes and weights, the heaviest first, ties in the order seen.
pub(super) fn weigh_answers(
    ballots: &[Ballot],
    weight: impl Fn(&Ballot) -> f64,
) -> Vec<AnswerCount> {
    let valid = ballots.iter().filter_map(|ballot| {
        let (key, answer) = ballot.valid()?;
        Some((key, (answer.trim(), weight(ballot))))
    });
    let count = |votes: Vec<(&str, f64)>| AnswerCount {
        weight: Some(votes.iter().map(|it| it.1).sum()),
        votes: votes.len() as u64,
        answer: most_frequent(votes.iter().map(|it| it.0)).map_or_else(String::new, str::to_owned),
        ..AnswerCount::default()
    };
    let mut counts: Vec<AnswerCount> = grouped(valid).into_iter().map(count).collect();
    let total: f64 = counts.iter().filter_map(|it| it.weight).sum();
    counts.sort_by_key(|it| Reverse(it.weight.map(|it| rounded(it, total))));
    counts
}

/// Returns a share of the whole in steps so small that only rounding errors vanish: 0.1 + 0.2 is
/// as heavy as 0.3.
pub(super) fn rounded(weight: f64, total: f64) -> u64 {
    (weight / total * 1e12).round() as u64
}

/// Returns the values of each key together, keys in the order first seen.
pub(in crate::voting) fn grouped<K: Eq + Hash, T>(
    values: impl IntoIterator<Item = (K, T)>,
) -> Vec<Vec<T>> {
    let mut places: HashMap<K, usize> = HashMap::new();
    let mut groups: Vec<Vec<T>> = Vec::new();
    for (key, value) in values {
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(value),
            None => groups.push(vec![value]),
        }
    }
    groups
}

/// Returns the value that occurs most often; the first of them in a tie.
pub(in crate::voting) fn most_frequent<T: PartialEq>(
    values: impl IntoIterator<Item = T>,
) -> Option<T> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(it, _)| *it == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max()?;
    counts.into_iter().find(|it| it.1 == most).map(|it| it.0)
}
