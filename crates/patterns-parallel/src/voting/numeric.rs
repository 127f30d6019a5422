//! Decides elections whose ballots are numbers: median, mean, trimmed mean, largest cluster.

use serde::{Deserialize, Serialize};

use super::rule::{Decision, TieBreak};

mod reading;
mod tolerance;

pub(super) use reading::{Reading, middles, share_of, sorted, spread};
pub use reading::{Spread, read_number};
pub use tolerance::Tolerance;
pub(super) use tolerance::largest_cluster;

/// How numbers become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumericRule {
    /// The middle value; of an even number, the mean of the two in the middle. It takes half of
    /// the voters to move it without bound (Hampel 1971, breakdown point).
    #[default]
    Median,
    /// The arithmetic mean; a single voter can move it anywhere.
    Mean,
    /// The mean without this share of the ballots at *each* end, 0 to less than 0.5; the number
    /// cut is rounded down (Tukey 1962).
    TrimmedMean(f64),
    /// The median of the largest group of values that are all within the tolerance of each other.
    Cluster(Tolerance),
}

/// Why a numeric rule cannot decide anything.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NumericRuleError {
    /// Nothing would be left after the cut.
    #[error("a trimmed mean cuts a share from 0 to less than 0.5 at each end, not {0}")]
    Cut(f64),
    /// The distance is no distance.
    #[error("an absolute tolerance is a finite number from 0, not {0}")]
    AbsoluteTolerance(f64),
    /// The share is no share.
    #[error("a relative tolerance is a share from 0 to less than 1, not {0}")]
    RelativeTolerance(f64),
}

impl NumericRule {
    /// Checks the rule's parameters.
    ///
    /// # Errors
    ///
    /// Returns a [`NumericRuleError`] that names the parameter and its range.
    pub fn check(self) -> Result<(), NumericRuleError> {
        match self {
            Self::Median | Self::Mean => Ok(()),
            Self::TrimmedMean(cut) if (0.0..0.5).contains(&cut) => Ok(()),
            Self::TrimmedMean(cut) => Err(NumericRuleError::Cut(cut)),
            Self::Cluster(tolerance) => tolerance.check(),
        }
    }
}

/// The result of an election by numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumericElection {
    /// The number decided on; `None` without a consensus.
    pub value: Option<f64>,
    /// Why there is a number, or none.
    pub decision: Decision,
    /// How many votes the number rests on: all for the mean, those left for the trimmed mean, the
    /// members of the cluster, and for the median those equal to it.
    pub vote_count: u64,
    /// How many finite numbers were cast.
    pub total_votes: u64,
    /// `vote_count` as a share of `total_votes`, 0 to 1.
    pub share: f64,
    /// Voters that gave no finite number.
    pub abstentions: u64,
    /// How far the votes lie apart; `None` without votes.
    pub spread: Option<Spread>,
}

/// Decides on a number; `None`, infinities and NaN are abstentions.
///
/// Only clusters can tie: of two largest ones the one with the earliest ballot wins, or with
/// [`TieBreak::NoConsensus`] nobody does. Without any vote the decision is
/// [`Decision::QuorumMissed`].
///
/// # Errors
///
/// Returns a [`NumericRuleError`] if a parameter of the rule is out of range.
///
/// ```
/// use patterns_parallel::{NumericRule, TieBreak, decide_numbers, read_number};
///
/// let ballots = ["$1,200", "1250", "about a thousand", "99999"].map(read_number);
/// let election = decide_numbers(&ballots, NumericRule::Median, TieBreak::FirstSeen)?;
/// assert_eq!((election.value, election.abstentions), (Some(1250.0), 1));
/// # Ok::<(), patterns_parallel::NumericRuleError>(())
/// ```
pub fn decide_numbers(
    ballots: &[Option<f64>],
    rule: NumericRule,
    tie_break: TieBreak,
) -> Result<NumericElection, NumericRuleError> {
    rule.check()?;
    let votes = sorted(ballots.iter().copied());
    let (value, vote_count, decision) = winner(&votes, rule, tie_break);
    let total_votes = votes.len() as u64;
    Ok(NumericElection {
        value: value.filter(|_| decision.is_won()),
        decision,
        vote_count,
        total_votes,
        share: share_of(vote_count, total_votes),
        abstentions: ballots.len() as u64 - total_votes,
        spread: spread(&votes),
    })
}

fn winner(
    votes: &[Reading],
    rule: NumericRule,
    tie_break: TieBreak,
) -> (Option<f64>, u64, Decision) {
    let counted = match rule {
        NumericRule::Median | NumericRule::Mean => votes,
        NumericRule::TrimmedMean(cut) => trimmed(votes, cut),
        NumericRule::Cluster(tolerance) => {
            let (cluster, is_tied) = largest_cluster(votes, tolerance);
            let decision = by_tie_break(is_tied, tie_break);
            return decided(median(cluster), cluster.len(), decision);
        }
    };
    match rule {
        NumericRule::Median | NumericRule::Cluster(_) => {
            let value = median(counted);
            let equal = counted.iter().filter(|it| Some(it.value) == value).count();
            decided(value, equal, Decision::Won)
        }
        NumericRule::Mean | NumericRule::TrimmedMean(_) => {
            decided(mean(counted), counted.len(), Decision::Won)
        }
    }
}

fn decided(value: Option<f64>, votes: usize, decision: Decision) -> (Option<f64>, u64, Decision) {
    let decision = value.map_or(Decision::QuorumMissed, |_| decision);
    (value, votes as u64, decision)
}

/// Names the decision between several leaders, or for one.
pub(super) fn by_tie_break(is_tied: bool, tie_break: TieBreak) -> Decision {
    match tie_break {
        _ if !is_tied => Decision::Won,
        TieBreak::FirstSeen => Decision::WonByTieBreak,
        TieBreak::NoConsensus | TieBreak::Extend { .. } => Decision::Tied,
    }
}

/// Takes a share of sorted votes away at each end.
fn trimmed(votes: &[Reading], cut: f64) -> &[Reading] {
    // A hair of tolerance, or a tenth of ten would be none where it is written as 0.1.
    let cut = (cut * votes.len() as f64 + 1e-9).floor() as usize;
    let cut = cut.min(votes.len().saturating_sub(1) / 2);
    votes.get(cut..votes.len() - cut).unwrap_or_default()
}

/// Returns the median of sorted votes.
fn median(votes: &[Reading]) -> Option<f64> {
    let (low, high) = middles(votes)?;
    // Halved first, as the sum may overflow; equal ones as they are, as halving may underflow.
    let is_one = low.value == high.value;
    Some(if is_one {
        low.value
    } else {
        low.value / 2.0 + high.value / 2.0
    })
}

/// Returns the mean of sorted votes.
fn mean(votes: &[Reading]) -> Option<f64> {
    let (first, last) = (votes.first()?, votes.last()?);
    let count = votes.len() as f64;
    let sum: f64 = votes.iter().map(|it| it.value).sum();
    let mean = if sum.is_finite() {
        sum / count
    } else {
        votes.iter().map(|it| it.value / count).sum()
    };
    Some(mean.clamp(first.value, last.value))
}

#[cfg(test)]
mod tests;
