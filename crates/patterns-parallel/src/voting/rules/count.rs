//! Counts what is given several times: groups of equals, and their most frequent spelling.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use crate::voting::ballot::Ballot;

/// An answer and its votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerCount {
    /// The answer in its most frequent spelling.
    pub answer: String,
    /// How many voters gave it.
    pub votes: u64,
}

/// Returns the answers with their votes, most votes first, ties in the order seen.
pub(in crate::voting) fn count_answers(ballots: &[Ballot]) -> Vec<AnswerCount> {
    let groups = grouped(ballots.iter().filter_map(Ballot::valid));
    let mut counts: Vec<AnswerCount> = groups
        .into_iter()
        .map(|spellings| AnswerCount {
            votes: spellings.len() as u64,
            answer: most_frequent(spellings.into_iter().map(str::trim))
                .unwrap_or_default()
                .to_owned(),
        })
        .collect();
    counts.sort_by_key(|count| Reverse(count.votes));
    counts
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
