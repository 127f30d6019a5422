//! Decides for the answer with the most votes, if they are enough.
//!
//! Voters may weigh differently. On recorded votes, weights by log-odds of accuracy help, but do not
//! rescue a weak panel. Confidence that a model states itself hardly tells its right answers from its
//! wrong ones, so it is no weight.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::count::{AnswerWeight, rounded, weigh_answers};
use super::rule::{Rule, RuleError, Ruling, name_and_value};
use super::share::{LeastShare, Share, needed_share, wilson_interval};
use super::tie_break::{Decision, TieBreak};
use crate::voting::ballot::Ballot;
use crate::voting::judge::Judgements;

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
/// # Ok::<(), patterns_parallel::voting::RuleError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Plurality {
    least: LeastShare,
}

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
        Self {
            least: LeastShare::None,
        }
    }

    /// The most votes win, if they are more than half of the valid ones.
    pub fn majority() -> Self {
        Self {
            least: LeastShare::MoreThanHalf,
        }
    }

    /// The most votes win, if they are at least this share of the valid ones.
    pub fn of_at_least(share: Share) -> Self {
        Self {
            least: LeastShare::AtLeast(share),
        }
    }

    /// Returns the rule's name, without its share.
    pub(in crate::voting) fn name(self) -> &'static str {
        match self.least {
            LeastShare::None => "plurality",
            LeastShare::MoreThanHalf => "majority",
            LeastShare::AtLeast(_) => "threshold",
        }
    }
}

impl FromStr for Plurality {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let (name, value) = name_and_value(text);
        if name == "threshold" {
            return Ok(Self::of_at_least(needed_share(name, value)?));
        }
        if let Some(value) = value {
            let reason = format!("it takes no value, but has `{value}`");
            return Err(RuleError::value(name, reason));
        }
        match name {
            "plurality" => Ok(Self::new()),
            "majority" => Ok(Self::majority()),
            "supermajority" => Ok(Self::of_at_least(Share::TWO_THIRDS)),
            "unanimous" => Ok(Self::of_at_least(Share::ALL)),
            _ => Err(RuleError::unknown(name, &Self::NAMES)),
        }
    }
}

impl fmt::Display for Plurality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self.least {
            LeastShare::None | LeastShare::MoreThanHalf => Ok(()),
            LeastShare::AtLeast(share) => write!(f, ":{share}"),
        }
    }
}

/// The votes of an election by the weights of its voters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// The weight of those who voted for the leading answer.
    pub weight: f64,
    /// The weight of all valid votes.
    pub total_weight: f64,
    /// Each answer with its weight, the heaviest first, ties in the order seen.
    pub counts: Vec<AnswerWeight>,
}

impl Rule for Plurality {
    type Winner = String;
    /// Only where voters weigh differently.
    type Detail = Weights;

    fn decide(
        &self,
        ballots: &[Ballot],
        tie_break: TieBreak,
        _: &Judgements,
    ) -> Ruling<String, Weights> {
        let are_alike = ballots.windows(2).all(|it| it[0].weight == it[1].weight);
        // A weight that is no finite number above 0 counts nothing; weights that are all alike count 1.
        let counts = weigh_answers(ballots, |ballot| match ballot.weight {
            _ if are_alike => 1.0,
            weight if weight.is_finite() && weight > 0.0 => weight,
            _ => 0.0,
        });
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
        let valid = total_votes as f64;
        let decision = match leaders.count() {
            _ if total_weight == 0.0 => Decision::QuorumMissed,
            _ if !self.least.is_met(share * valid, valid) => Decision::ThresholdMissed,
            leaders => tie_break.decide(leaders > 1),
        };
        let vote_count = counts.first().map_or(0, |it| it.votes);
        let interval = wilson_interval(vote_count, total_votes);
        Ruling {
            winner: counts.first().map(|it| it.answer.clone()),
            decision,
            vote_count,
            total_votes,
            share,
            share_interval: interval.filter(|_| are_alike),
            detail: (!are_alike).then_some(Weights {
                weight,
                total_weight,
                counts,
            }),
        }
    }

    fn least_share(&self) -> Option<LeastShare> {
        Some(self.least)
    }
}

#[cfg(test)]
mod tests;
