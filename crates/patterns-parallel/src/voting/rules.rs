//! Says what a voting rule is: a pure function from ballots to a ruling, and what is in a ruling. Reads rules
//! as a name, for some with a value behind a colon.
//!
//! A rule is one file with its own type of winner. It sees ballots, and what a judge has said of them;
//! it calls nobody. So a rule is tested by a table, and an election is decided once, by one call of
//! [`Rule::decide`].

mod best_of;
pub(super) mod count;
pub(super) mod median;
mod plurality;
mod same_meaning;
mod share;
mod tie_break;

use std::collections::BTreeMap;

use patterns_core::{Agent, meant};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::judge::{JudgeTask, Judgement, Judgements};
use super::question::Ballot;
use crate::RunError;
pub use best_of::BestOf;
pub use count::AnswerCount;
pub use median::Median;
pub use plurality::Plurality;
pub use same_meaning::SameMeaning;
pub use share::{Share, ShareInterval};
pub use tie_break::{Decision, TieBreak};

/// Decides an election.
///
/// ```
/// # use std::collections::BTreeMap;
/// use patterns_parallel::voting::{Ballot, Decision, Judgement, Rule, Ruling, TieBreak};
///
/// /// One "no" is enough.
/// struct Veto;
///
/// impl Rule for Veto {
///     type Winner = bool;
///
///     fn decide(
///         &self,
///         ballots: &[Ballot],
///         _: TieBreak,
///         _: &BTreeMap<(usize, usize), Option<Judgement>>,
///     ) -> Ruling<bool> {
///         let votes: Vec<&str> = ballots.iter().filter_map(|it| it.normalised.as_deref()).collect();
///         let vetoes = votes.iter().filter(|it| **it == "no").count();
///         let count = if vetoes > 0 { vetoes } else { votes.len() };
///         let decision = if votes.is_empty() { Decision::QuorumMissed } else { Decision::Won };
///         Ruling {
///             winner: Some(vetoes == 0),
///             decision,
///             vote_count: count as u64,
///             total_votes: votes.len() as u64,
///             share: count as f64 / votes.len().max(1) as f64,
///             share_interval: None,
///             detail: None,
///         }
///     }
/// }
///
/// let ballots = ["yes", "no"].map(|it| Ballot::new("a voter", Some(it.into()), Some(it.into())));
/// let ruling = Veto.decide(&ballots, TieBreak::default(), &BTreeMap::new());
/// assert_eq!((ruling.winner, ruling.share), (Some(false), 0.5));
/// ```
pub trait Rule: Send + Sync {
    /// What wins.
    type Winner: Send;

    /// Decides on ballots, in voter order, with what the judge has said of their distinct answers: of two
    /// of them by their places, in the order in which they were shown, `None` if it failed.
    /// Without a valid ballot the decision is [`Decision::QuorumMissed`].
    fn decide(
        &self,
        ballots: &[Ballot],
        tie_break: TieBreak,
        judgements: &BTreeMap<(usize, usize), Option<Judgement>>,
    ) -> Ruling<Self::Winner>;

    /// Returns the share of votes that wins, if the rule counts votes and nothing else. Elections
    /// under such a rule can end before all ballots are in.
    fn least_share(&self) -> Option<Share> {
        None
    }

    /// Returns who is asked about the answers, if the rule needs a judge.
    fn judge(&self) -> Option<&dyn Agent<JudgeTask, Judgement>> {
        None
    }

    /// Returns which two of so many distinct answers, most frequent first, the judge is still to be asked
    /// about, in the order in which they are shown. It is asked at once; when a judgement is in, this is
    /// called again.
    fn to_judge(
        &self,
        answers: usize,
        judgements: &BTreeMap<(usize, usize), Option<Judgement>>,
    ) -> Vec<(usize, usize)> {
        let _ = (answers, judgements);
        Vec::new()
    }
}

/// A rule that is chosen at run time.
impl<W: Send> Rule for Box<dyn Rule<Winner = W>> {
    type Winner = W;

    fn decide(
        &self,
        ballots: &[Ballot],
        tie_break: TieBreak,
        judgements: &Judgements,
    ) -> Ruling<W> {
        (**self).decide(ballots, tie_break, judgements)
    }

    fn least_share(&self) -> Option<Share> {
        (**self).least_share()
    }

    fn judge(&self) -> Option<&dyn Agent<JudgeTask, Judgement>> {
        (**self).judge()
    }

    fn to_judge(&self, answers: usize, judgements: &Judgements) -> Vec<(usize, usize)> {
        (**self).to_judge(answers, judgements)
    }
}

/// What a rule makes of the ballots of an election.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling<W> {
    /// The leading answer, if there is any. It wins if the decision says so.
    pub winner: Option<W>,
    /// Why there is a winner, or none.
    pub decision: Decision,
    /// How many votes the leading answer has.
    pub vote_count: u64,
    /// How many valid votes were cast.
    pub total_votes: u64,
    /// The leading answer's share of the valid votes, 0 to 1.
    pub share: f64,
    /// What the share stands for, at 95 %; `None` where it is no share of equal votes.
    pub share_interval: Option<ShareInterval>,
    /// What counts of votes don't say.
    pub detail: Option<Detail>,
}

impl<W> Ruling<W> {
    /// Makes the same ruling with another type of winner.
    pub fn map<X>(self, winner: impl FnOnce(W) -> X) -> Ruling<X> {
        Ruling {
            winner: self.winner.map(winner),
            decision: self.decision,
            vote_count: self.vote_count,
            total_votes: self.total_votes,
            share: self.share,
            share_interval: self.share_interval,
            detail: self.detail,
        }
    }
}

/// What counts of votes don't say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Of votes that weigh differently.
    Weighted {
        /// The weight of those who voted for the leading answer.
        weight: f64,
        /// The weight of all valid votes.
        total_weight: f64,
        /// Each answer with its weight, the heaviest first, ties in the order seen.
        counts: Vec<AnswerCount>,
    },
    /// Of numbers.
    Numeric {
        /// How far they lie apart.
        spread: Spread,
    },
    /// Of answers that a judge was asked about.
    Judged {
        /// The name of the rule.
        rule: &'static str,
        /// How many judgements were asked for.
        judgements: u64,
        /// How many of them were not given.
        failed: u64,
        /// Under `best-of`, how many pairs got another verdict in the other order, which makes them ties.
        #[serde(skip_serializing_if = "Option::is_none")]
        flipped: Option<u64>,
        /// The distinct answers, best first.
        answers: Vec<AnswerCount>,
    },
    /// Of objects that were decided field by field.
    Fields {
        /// The answer put together from the winners.
        ///
        /// A field without a winner is null where the schema allows that, else left out.
        value: Value,
        /// Whether `value` has all that the schema requires. If not, do not use it as an answer: each
        /// field that is missing is in `fields` with the [`Decision`] that says why.
        is_complete: bool,
        /// How many ballots there are.
        total_ballots: u64,
        /// One election per field, in the order of the schema.
        fields: Vec<FieldElection>,
    },
}

/// How far numbers lie apart. Quartiles are interpolated linearly between the sorted votes
/// (definition 7 of Hyndman and Fan 1996, the one of R, NumPy and spreadsheets).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The least vote.
    pub min: f64,
    /// A quarter of the votes are below.
    pub lower_quartile: f64,
    /// A quarter of the votes are above.
    pub upper_quartile: f64,
    /// The greatest vote.
    pub max: f64,
    /// The upper quartile less the lower: the width of the middle half.
    pub interquartile_range: f64,
}

/// How one field was decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldElection {
    /// Where the field is, as a JSON pointer (RFC 6901); empty for the whole answer.
    pub path: String,
    /// The rule that decided.
    pub rule: String,
    /// The winner; null if null won, and without a winner.
    pub value: Value,
    /// Why there is a winner, or none.
    pub decision: Decision,
    /// How many ballots agree with the winner: equal to it, within the tolerance, or with the same
    /// items.
    pub votes: u64,
    /// How many ballots have the field, null included.
    pub total: u64,
    /// `votes` as a share of `total`, 0 to 1. Of lists, ballots can agree in part: it is the share of
    /// all items, seen by all ballots, on which a ballot and the result agree that they are in or out.
    pub share: f64,
    /// Ballots without the field, or with something else in its place.
    pub abstentions: u64,
    /// Each value (of a list: each item) with its votes, most votes first, ties in the order seen.
    #[serde(serialize_with = "named")]
    pub counts: Vec<(Value, u64)>,
    /// How far numbers lie apart.
    pub spread: Option<Spread>,
}

impl FieldElection {
    /// Makes what is known of the votes alone: the leading value, and how many of a total it has.
    pub(super) fn new(value: Value, decision: Decision, votes: u64, total: usize) -> Self {
        Self {
            path: String::new(),
            rule: String::new(),
            value,
            decision,
            votes,
            total: total as u64,
            share: votes as f64 / total.max(1) as f64,
            abstentions: 0,
            counts: Vec::new(),
            spread: None,
        }
    }
}

fn named<S: Serializer>(counts: &[(Value, u64)], to: S) -> Result<S::Ok, S::Error> {
    let named = |(value, votes): &(Value, u64)| json!({"value": value, "votes": votes});
    to.collect_seq(counts.iter().map(named))
}

impl Ruling<String> {
    /// Rules for the first of the answers that were judged.
    fn judged(
        rule: &'static str,
        decision: Decision,
        answers: Vec<AnswerCount>,
        flipped: Option<u64>,
        judgements: &Judgements,
    ) -> Self {
        let total_votes: u64 = answers.iter().map(|it| it.votes).sum();
        let vote_count = answers.first().map_or(0, |it| it.votes);
        Self {
            winner: answers.first().map(|it| it.answer.clone()),
            decision,
            vote_count,
            total_votes,
            share: share_of(vote_count, total_votes),
            share_interval: None,
            detail: Some(Detail::Judged {
                rule,
                judgements: judgements.len() as u64,
                failed: judgements.values().filter(|it| it.is_none()).count() as u64,
                flipped,
                answers,
            }),
        }
    }
}

/// Returns votes as a share of a total, 0 if there is none.
fn share_of(votes: u64, total: u64) -> f64 {
    votes as f64 / total.max(1) as f64
}

/// The value of a rule is missing, of no use, or out of range.
pub(super) fn wrong_value(name: &str, reason: impl std::fmt::Display) -> RunError {
    RunError::Part(format!("the rule `{name}`: {reason}"))
}

fn unknown(name: &str, names: &[&str]) -> RunError {
    let meant = meant(name, names);
    RunError::Part(format!("there is no voting rule {name:?}; {meant}"))
}
