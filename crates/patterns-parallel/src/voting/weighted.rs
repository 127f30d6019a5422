//! Decides elections in which some voters count for more than others.
//!
//! On recorded votes, weights by log-odds of accuracy help, but do not rescue a weak panel. Confidence
//! that a model states itself hardly tells its right answers from its wrong ones, so it is no weight.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::ballot::Ballot;
use super::rule::{Decision, Rule, TieBreak, by_tie_break, most_frequent};

/// The result of an election whose voters weigh differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightedElection {
    /// The winner in its most frequent spelling; `None` without a consensus.
    pub winning_answer: Option<String>,
    /// Why there is a winner, or none.
    pub decision: Decision,
    /// The weight of those who voted for the leading answer.
    pub weight: f64,
    /// The weight of all valid votes.
    pub total_weight: f64,
    /// The leading answer's share of the weight, 0 to 1.
    pub share: f64,
    /// Each answer with its weight, the heaviest first, ties in the order seen.
    pub counts: Vec<AnswerWeight>,
    /// How many valid votes were cast.
    pub total_votes: u64,
    /// Voters that gave no countable answer.
    pub abstentions: u64,
}

/// An answer and the weight of its voters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswerWeight {
    /// The answer in its most frequent spelling.
    pub answer: String,
    /// The sum of its voters' weights.
    pub weight: f64,
    /// How many voters gave it.
    pub votes: u64,
}

/// Counts ballots by the weights of their voters, one for each; only their proportions matter, and
/// what is no finite number above 0 counts nothing.
pub(super) fn decide_weighted(
    ballots: &[Ballot],
    weights: &[f64],
    rule: Rule,
    tie_break: TieBreak,
) -> WeightedElection {
    let counts = group(ballots, weights);
    let total_weight: f64 = counts.iter().map(|it| it.weight).sum();
    let total_votes: u64 = counts.iter().map(|it| it.votes).sum();
    let weight = counts.first().map_or(0.0, |it| it.weight);
    let share = if total_weight > 0.0 {
        weight / total_weight
    } else {
        0.0
    };
    let steps = |weight: f64| rounded(weight, total_weight);
    let leaders = counts.iter().filter(|it| steps(it.weight) == steps(weight));
    let decision = match leaders.count() {
        _ if total_weight == 0.0 => Decision::QuorumMissed,
        _ if !rule.is_met_by(share) => Decision::ThresholdMissed,
        leaders => by_tie_break(leaders > 1, tie_break),
    };
    let winner = counts.first().filter(|_| decision.is_won());
    WeightedElection {
        winning_answer: winner.map(|it| it.answer.clone()),
        decision,
        weight,
        total_weight,
        share,
        counts,
        total_votes,
        abstentions: ballots.len() as u64 - total_votes,
    }
}

/// Returns a share of the whole in steps so small that only rounding errors vanish: 0.1 + 0.2 is
/// as heavy as 0.3.
fn rounded(weight: f64, total: f64) -> u64 {
    (weight / total * 1e12).round() as u64
}

/// An answer's voters: how each spelled it, and their weight.
type Group<'a> = (&'a str, Vec<&'a str>, f64);

/// Returns the answers with their weights, the heaviest first, ties in the order seen.
fn group(ballots: &[Ballot], weights: &[f64]) -> Vec<AnswerWeight> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (ballot, weight) in ballots.iter().zip(weights) {
        let (Some(key), Some(answer)) = (ballot.normalised.as_deref(), ballot.answer.as_deref())
        else {
            continue;
        };
        let is_usable = weight.is_finite() && *weight > 0.0;
        let weight = if is_usable { *weight } else { 0.0 };
        match groups.iter_mut().find(|it| it.0 == key) {
            Some((_, spellings, sum)) => {
                spellings.push(answer.trim());
                *sum += weight;
            }
            None => groups.push((key, vec![answer.trim()], weight)),
        }
    }
    let total: f64 = groups.iter().map(|it| it.2).sum();
    groups.sort_by_key(|it| Reverse(rounded(it.2, total)));
    let count = |(_, spellings, weight): Group<'_>| AnswerWeight {
        answer: most_frequent(&spellings).to_owned(),
        weight,
        votes: spellings.len() as u64,
    };
    groups.into_iter().map(count).collect()
}

#[cfg(test)]
mod tests;
