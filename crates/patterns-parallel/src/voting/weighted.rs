//! Decides elections in which some voters count for more than others.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::ballot::Ballot;
use super::numeric::by_tie_break;
use super::rule::{Decision, TieBreak};

/// The result of an election by weight.
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

/// Why votes cannot be weighted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WeightError {
    /// There is not one weight per ballot.
    #[error("there are {weights} weights for {ballots} ballots")]
    Count {
        /// How many ballots there are.
        ballots: usize,
        /// How many weights there are.
        weights: usize,
    },
    /// A weight is negative, infinite or not a number.
    #[error("the weight of {voter} is {weight}, not a finite number from 0")]
    NotAWeight {
        /// Whose weight it is.
        voter: String,
        /// The weight.
        weight: f64,
    },
    /// The weights are finite, but their sum is not.
    #[error("the weights are too large to be added up")]
    Overflow,
}

/// Counts ballots by the weight of their voters; the greatest weight wins.
///
/// `weights` has one finite weight from 0 for each ballot; only their proportions matter. If no
/// valid vote has any weight the decision is [`Decision::QuorumMissed`].
///
/// On recorded votes, weights by log-odds of accuracy help, but do not rescue a weak panel; and
/// confidence that a model states itself hardly tells its right answers from its wrong ones.
///
/// # Errors
///
/// Returns a [`WeightError`] that names the voter whose weight is of no use.
///
/// ```
/// use patterns_parallel::{Ballot, TieBreak, decide_weighted, normalise};
///
/// let ballot = |voter: &str, answer: &str| Ballot {
///     voter: voter.to_owned(),
///     answer: Some(answer.to_owned()),
///     normalised: normalise(answer),
/// };
/// let ballots = [ballot("expert", "B"), ballot("novice", "A"), ballot("guesser", "a")];
/// let election = decide_weighted(&ballots, &[3.0, 1.0, 0.5], TieBreak::FirstSeen)?;
/// assert_eq!(election.winning_answer.as_deref(), Some("B"));
/// # Ok::<(), patterns_parallel::WeightError>(())
/// ```
pub fn decide_weighted(
    ballots: &[Ballot],
    weights: &[f64],
    tie_break: TieBreak,
) -> Result<WeightedElection, WeightError> {
    check(ballots, weights)?;
    let counts = group(ballots, weights);
    let total_weight: f64 = counts.iter().map(|it| it.weight).sum();
    let total_votes: u64 = counts.iter().map(|it| it.votes).sum();
    let weight = counts.first().map_or(0.0, |it| it.weight);
    let is_leading =
        |it: &&AnswerWeight| rounded(it.weight, total_weight) == rounded(weight, total_weight);
    let leaders = counts.iter().filter(is_leading);
    let decision = match leaders.count() {
        _ if total_weight == 0.0 => Decision::QuorumMissed,
        leaders => by_tie_break(leaders > 1, tie_break),
    };
    let winner = counts.first().filter(|_| decision.is_won());
    Ok(WeightedElection {
        winning_answer: winner.map(|it| it.answer.clone()),
        decision,
        weight,
        total_weight,
        share: if total_weight > 0.0 {
            weight / total_weight
        } else {
            0.0
        },
        counts,
        total_votes,
        abstentions: ballots.len() as u64 - total_votes,
    })
}

fn check(ballots: &[Ballot], weights: &[f64]) -> Result<(), WeightError> {
    let (ballot_count, weight_count) = (ballots.len(), weights.len());
    if ballot_count != weight_count {
        return Err(WeightError::Count {
            ballots: ballot_count,
            weights: weight_count,
        });
    }
    let is_wrong = |weight: f64| !(weight.is_finite() && weight >= 0.0);
    if let Some((ballot, weight)) = ballots.iter().zip(weights).find(|it| is_wrong(*it.1)) {
        return Err(WeightError::NotAWeight {
            voter: ballot.voter.clone(),
            weight: *weight,
        });
    }
    let sum: f64 = weights.iter().sum();
    sum.is_finite().then_some(()).ok_or(WeightError::Overflow)
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
        match groups.iter_mut().find(|it| it.0 == key) {
            Some((_, spellings, sum)) => {
                spellings.push(answer.trim());
                *sum += weight;
            }
            None => groups.push((key, vec![answer.trim()], *weight)),
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

/// Returns the spelling that occurs most often; the first of them in a tie.
fn most_frequent<'a>(spellings: &[&'a str]) -> &'a str {
    let count = |it: &str| spellings.iter().filter(|other| **other == it).count();
    // The last of the greatest is the first one when read backwards.
    let most = spellings.iter().rev().max_by_key(|it| count(it));
    most.copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
