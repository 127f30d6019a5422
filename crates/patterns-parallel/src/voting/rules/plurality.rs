//! Decides for the answer with the most votes, if they are enough.
//!
//! Voters may weigh differently. On recorded votes, weights by log-odds of accuracy help, but do not
//! rescue a weak panel. Confidence that a model states itself hardly tells its right answers from its
//! wrong ones, so it is no weight.

use std::fmt;
use std::str::FromStr;

use patterns_core::name_and_value;

use super::count::{rounded, weigh_answers};
use super::share::{Share, ShareInterval};
use super::tie_break::{Decision, TieBreak};
use super::{Detail, Rule, Ruling, unknown, wrong_value};
use crate::RunError;
use crate::voting::judge::Judgements;
use crate::voting::question::Ballot;

/// The most votes win; what papers on language models call majority voting.
///
/// Each ballot is one vote, or as many as the [weight](crate::voting::Voter::weight) of its voter
/// says. It is written as `plurality`, `majority`, `supermajority` (two thirds), `unanimous` or
/// `threshold:0.8`, where `60%` and `2/3` are shares, too.
///
/// ```
/// use patterns_parallel::voting::{Plurality, Share};
///
/// let rule: Plurality = "threshold:80%".parse()?;
/// assert_eq!(rule, Plurality::of_at_least(Share::new(0.8).unwrap()));
/// assert_eq!(Plurality::majority().to_string(), "majority");
/// # Ok::<(), patterns_parallel::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Plurality(Share);

impl Plurality {
    /// The names under which the rule is written.
    pub const NAMES: [&'static str; 5] = [
        "plurality",
        "majority",
        "supermajority",
        "unanimous",
        "threshold",
    ];

    /// The most votes win, however few they are.
    pub const fn new() -> Self {
        Self(Share::NONE)
    }

    /// The most votes win, if they are more than half of the valid ones.
    pub const fn majority() -> Self {
        Self(Share::MORE_THAN_HALF)
    }

    /// The most votes win, if they are at least this share of the valid ones.
    pub const fn of_at_least(share: Share) -> Self {
        Self(share)
    }

    /// Returns how it is decided by the weights of the answers, the heaviest first, that so many votes have.
    pub(in crate::voting) fn among(
        self,
        weights: &[f64],
        votes: u64,
        tie_break: TieBreak,
    ) -> Decision {
        let (total, valid) = (weights.iter().sum::<f64>(), votes as f64);
        if total == 0.0 {
            return Decision::QuorumMissed;
        }
        if !self.0.is_met(weights[0] / total * valid, valid) {
            return Decision::ThresholdMissed;
        }
        let steps = |weight: f64| rounded(weight, total);
        let leaders = weights.iter().filter(|it| steps(**it) == steps(weights[0]));
        tie_break.decide(leaders.count() > 1)
    }
}

impl FromStr for Plurality {
    type Err = RunError;

    fn from_str(text: &str) -> Result<Self, RunError> {
        let (name, value) = name_and_value(text);
        let share = match name {
            "threshold" => return Share::read(name, value).map(Self),
            "plurality" => Share::NONE,
            "majority" => Share::MORE_THAN_HALF,
            "supermajority" => Share::TWO_THIRDS,
            "unanimous" => Share::ALL,
            _ => return Err(unknown(name, &Self::NAMES)),
        };
        match value {
            None => Ok(Self(share)),
            Some(value) => {
                let reason = format!("it takes no value, but has `{value}`");
                Err(wrong_value(name, reason))
            }
        }
    }
}

impl fmt::Display for Plurality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Share::NONE => f.write_str("plurality"),
            Share::MORE_THAN_HALF => f.write_str("majority"),
            share => write!(f, "threshold:{}", share.get()),
        }
    }
}

impl Rule for Plurality {
    type Winner = String;

    fn decide(&self, ballots: &[Ballot], tie_break: TieBreak, _: &Judgements) -> Ruling<String> {
        let are_alike = ballots.windows(2).all(|it| it[0].weight == it[1].weight);
        // A weight that is no finite number above 0 counts nothing; weights that are all alike count 1.
        let counts = weigh_answers(ballots, |ballot| match ballot.weight {
            _ if are_alike => 1.0,
            weight if weight.is_finite() && weight > 0.0 => weight,
            _ => 0.0,
        });
        let weights: Vec<f64> = counts.iter().filter_map(|it| it.weight).collect();
        let total_weight: f64 = weights.iter().sum();
        let total_votes: u64 = counts.iter().map(|it| it.votes).sum();
        let (weight, vote_count) = counts
            .first()
            .map_or((0.0, 0), |it| (it.weight.unwrap_or_default(), it.votes));
        let share = match total_weight > 0.0 {
            true => weight / total_weight,
            false => 0.0,
        };
        let interval = ShareInterval::wilson(vote_count, total_votes);
        Ruling {
            winner: counts.first().map(|it| it.answer.clone()),
            decision: self.among(&weights, total_votes, tie_break),
            vote_count,
            total_votes,
            share,
            share_interval: interval.filter(|_| are_alike),
            detail: (!are_alike).then_some(Detail::Weighted {
                weight,
                total_weight,
                counts,
            }),
        }
    }

    fn least_share(&self) -> Option<Share> {
        Some(self.0)
    }
}

#[cfg(test)]
mod tests;
