//! Decides elections whose ballots are numbers: the one in the middle wins.

use serde::{Deserialize, Serialize};

use super::rule::Decision;

mod reading;
mod tolerance;

pub(super) use reading::{Reading, middles, share_of, sorted, spread};
pub use reading::{Spread, read_number};
pub use tolerance::{Tolerance, ToleranceError};

/// The result of an election by numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumericElection {
    /// The number decided on; `None` without a vote.
    pub value: Option<f64>,
    /// Why there is a number, or none.
    pub decision: Decision,
    /// How many votes are within the tolerance of the number.
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

/// Decides on the median; of an even number of votes, the mean of the two in the middle. It takes
/// half of the voters to move it without bound (Hampel 1971, breakdown point).
///
/// `None`, infinities and NaN are abstentions. Without any vote the decision is
/// [`Decision::QuorumMissed`].
///
/// ```
/// use patterns_parallel::{Tolerance, decide_numbers, read_number};
///
/// let ballots = ["$1,200", "1250", "about a thousand", "99999"].map(read_number);
/// let election = decide_numbers(&ballots, Tolerance::relative(0.05));
/// assert_eq!((election.value, election.abstentions), (Some(1250.0), 1));
/// assert_eq!(election.vote_count, 2);
/// ```
pub fn decide_numbers(ballots: &[Option<f64>], tolerance: Tolerance) -> NumericElection {
    let votes = sorted(ballots.iter().copied());
    let value = median(&votes);
    let agrees = |it: &&Reading| value.is_some_and(|value| tolerance.holds(it.value, value));
    let vote_count = votes.iter().filter(agrees).count() as u64;
    let total_votes = votes.len() as u64;
    NumericElection {
        value,
        decision: value.map_or(Decision::QuorumMissed, |_| Decision::Won),
        vote_count,
        total_votes,
        share: share_of(vote_count, total_votes),
        abstentions: ballots.len() as u64 - total_votes,
        spread: spread(&votes),
    }
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

#[cfg(test)]
mod tests;
