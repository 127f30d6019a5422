//! Decides for the number in the middle, and says how far numbers lie apart.

use std::fmt;
use std::str::FromStr;

use patterns_core::decimal::mean;
use patterns_core::name_and_value;
use patterns_core::text::read_number;

use super::tie_break::{Decision, TieBreak};
use super::{Detail, Rule, Ruling, Spread, share_of, unknown, wrong_value};
use crate::RunError;
use crate::voting::judge::Judgements;
use crate::voting::question::Ballot;

/// The number in the middle wins; of an even number of votes, the mean of the two in the middle. It
/// takes half of the voters to move it without bound (Hampel 1971, breakdown point).
///
/// What is within the tolerance of it agrees with it. What is no finite number is an abstention, and whole
/// numbers beyond 2^53 are rounded as floats are. It is written as `median`, `median:0.5` (a distance) or
/// `median:1%` (a share).
///
/// ```
/// use patterns_parallel::voting::Median;
///
/// let rule: Median = "median:5%".parse()?;
/// assert!(rule.agree(1200.0, 1250.0));
/// assert!("median:-1".parse::<Median>().is_err());
/// # Ok::<(), patterns_parallel::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Median {
    /// The widest distance, from 0: in the unit of the numbers, or in percent of the greater one's size.
    tolerance: f64,
    is_percent: bool,
}

impl Median {
    /// The name under which the rule is written.
    pub const NAME: &'static str = "median";

    /// Returns whether two numbers count as one: they lie no farther apart than the tolerance.
    pub fn agree(self, a: f64, b: f64) -> bool {
        let size = a.abs().max(b.abs());
        let widest = match self.is_percent {
            true => self.tolerance / 100.0 * size,
            false => self.tolerance,
        };
        // A hair more, or 0.3 would not be within 0.1 of 0.2.
        a == b || (a - b).abs() <= widest + 4.0 * f64::EPSILON * size
    }

    /// Decides for one of the votes, which is an integer where they are: of two in the middle, the one
    /// seen first. They are a tie if they lie further apart than the tolerance. Returns the vote, how
    /// many agree with it, and the decision.
    pub(in crate::voting) fn among(
        self,
        votes: &[Number],
        tie_break: TieBreak,
    ) -> Option<(Number, usize, Decision)> {
        let (low, high) = middles(votes)?;
        let winner = if low.voter <= high.voter { low } else { high };
        let agreeing = votes.iter().filter(|it| self.agree(it.value, winner.value));
        let is_tied = !self.agree(low.value, high.value);
        Some((winner, agreeing.count(), tie_break.decide(is_tied)))
    }
}

impl Rule for Median {
    type Winner = f64;

    fn decide(&self, ballots: &[Ballot], _: TieBreak, _: &Judgements) -> Ruling<f64> {
        let numbers = ballots.iter().map(|it| read_number(it.answer.as_deref()?));
        let votes = sorted(numbers);
        let winner = middles(&votes).and_then(|(low, high)| mean(low.value, high.value));
        let agrees = |it: &&Number| winner.is_some_and(|winner| self.agree(it.value, winner));
        let vote_count = votes.iter().filter(agrees).count() as u64;
        let total_votes = votes.len() as u64;
        Ruling {
            winner,
            decision: winner.map_or(Decision::QuorumMissed, |_| Decision::Won),
            vote_count,
            total_votes,
            share: share_of(vote_count, total_votes),
            share_interval: None,
            detail: spread(&votes).map(|spread| Detail::Numeric { spread }),
        }
    }
}

impl FromStr for Median {
    type Err = RunError;

    fn from_str(text: &str) -> Result<Self, RunError> {
        let (name, value) = name_and_value(text);
        if name != Self::NAME {
            return Err(unknown(name, &[Self::NAME]));
        }
        let Some(text) = value else {
            return Ok(Self::default());
        };
        let (number, most) = match text.strip_suffix('%') {
            Some(number) => (number.trim(), 100.0),
            None => (text, f64::INFINITY),
        };
        let tolerance = number.parse().ok().filter(|it| (0.0..most).contains(it));
        let wrong = || {
            let reason = format!(
                "`{text}` is no tolerance: a distance from 0, such as 0.5, or less than 100%, such as 1%"
            );
            wrong_value(name, reason)
        };
        Ok(Self {
            tolerance: tolerance.ok_or_else(wrong)?,
            is_percent: most == 100.0,
        })
    }
}

impl fmt::Display for Median {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)?;
        match self.tolerance {
            0.0 => Ok(()),
            percent if self.is_percent => write!(f, ":{percent}%"),
            distance => write!(f, ":{distance}"),
        }
    }
}

/// A ballot that is a finite number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::voting) struct Number {
    pub(in crate::voting) value: f64,
    /// Its place among all ballots.
    pub(in crate::voting) voter: usize,
}

/// Returns the finite numbers, least first; equal ones in voter order.
pub(in crate::voting) fn sorted(ballots: impl IntoIterator<Item = Option<f64>>) -> Vec<Number> {
    let reading = |(voter, ballot): (usize, Option<f64>)| {
        let value = ballot.filter(|it| it.is_finite())?;
        Some(Number { value, voter })
    };
    let ballots = ballots.into_iter().enumerate();
    let mut votes: Vec<Number> = ballots.filter_map(reading).collect();
    // Negative zero is zero; a stable sort keeps the voters' order.
    votes.iter_mut().for_each(|it| it.value += 0.0);
    votes.sort_by(|a, b| a.value.total_cmp(&b.value));
    votes
}

/// Returns the two votes in the middle of sorted ones: the same one twice if their number is odd.
pub(in crate::voting) fn middles(votes: &[Number]) -> Option<(Number, Number)> {
    let low = votes.len().checked_sub(1)? / 2;
    Some((*votes.get(low)?, *votes.get(votes.len() / 2)?))
}

/// Returns how far sorted votes lie apart.
pub(in crate::voting) fn spread(votes: &[Number]) -> Option<Spread> {
    let (lower, upper) = (quantile(votes, 0.25)?, quantile(votes, 0.75)?);
    Some(Spread {
        min: votes.first()?.value,
        lower_quartile: lower,
        upper_quartile: upper,
        max: votes.last()?.value,
        interquartile_range: (upper - lower).min(f64::MAX),
    })
}

fn quantile(votes: &[Number], share: f64) -> Option<f64> {
    let place = votes.len().checked_sub(1)? as f64 * share;
    let low = votes.get(place.floor() as usize)?.value;
    let high = votes.get(place.ceil() as usize)?.value;
    let weight = place.fract();
    let between = low * (1.0 - weight) + high * weight;
    Some(between.clamp(low, high))
}

#[cfg(test)]
mod tests;
