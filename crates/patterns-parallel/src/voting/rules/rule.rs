//! Says what a voting rule is: a pure function from ballots to a ruling. Reads and writes rules as a name, for
//! some with a value behind a colon.
//!
//! A rule is one file with its own type of winner. It sees ballots, and what a judge has said of them;
//! it calls nobody. So a rule is tested by a table, and an election is decided once, by one call of
//! [`Rule::decide`].

use patterns_core::Agent;

use super::share::{LeastShare, ShareInterval};
use super::tie_break::{Decision, TieBreak};
use crate::voting::ballot::Ballot;
use crate::voting::judge::{JudgeTask, Judged, JudgedAnswer, JudgedBy, Judgement, Judgements};

/// Decides an election.
pub trait Rule: Send + Sync {
    /// What wins.
    type Winner: Send;
    /// What the rule found that counts of votes don't say.
    type Detail: Send;

    /// Decides on ballots, in voter order, with what the judge has said of their distinct answers.
    /// Without a valid ballot the decision is [`Decision::QuorumMissed`].
    fn decide(
        &self,
        ballots: &[Ballot],
        tie_break: TieBreak,
        judgements: &Judgements,
    ) -> Ruling<Self::Winner, Self::Detail>;

    /// Returns the share of votes that wins, if the rule counts votes and nothing else. Elections
    /// under such a rule can end before all ballots are in.
    fn least_share(&self) -> Option<LeastShare> {
        None
    }

    /// Returns for what and who is asked about the answers, if the rule needs a judge.
    fn judge(&self) -> Option<(JudgedBy, &dyn Agent<JudgeTask, Judgement>)> {
        None
    }

    /// Returns which two of so many distinct answers, most frequent first, the judge is still to be asked
    /// about, in the order in which they are shown. It is asked at once; when a judgement is in, this is
    /// called again.
    fn to_judge(&self, answers: usize, judgements: &Judgements) -> Vec<(usize, usize)> {
        let _ = (answers, judgements);
        Vec::new()
    }
}

/// What a rule makes of the ballots of an election.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling<W, D> {
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
    pub detail: Option<D>,
}

impl<W, D> Ruling<W, D> {
    /// Makes the same ruling with another type of winner and detail.
    pub fn map<X, E>(
        self,
        winner: impl FnOnce(W) -> X,
        detail: impl FnOnce(D) -> E,
    ) -> Ruling<X, E> {
        Ruling {
            winner: self.winner.map(winner),
            decision: self.decision,
            vote_count: self.vote_count,
            total_votes: self.total_votes,
            share: self.share,
            share_interval: self.share_interval,
            detail: self.detail.map(detail),
        }
    }
}

impl Ruling<String, Judged> {
    /// Rules for the first of the answers that were judged.
    pub(super) fn judged(
        rule: JudgedBy,
        decision: Decision,
        answers: Vec<JudgedAnswer>,
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
            detail: Some(Judged {
                rule,
                judgements: judgements.asked(),
                failed: judgements.failed(),
                flipped,
                answers,
            }),
        }
    }
}

/// Returns votes as a share of a total, 0 if there is none.
pub(in crate::voting) fn share_of(votes: u64, total: u64) -> f64 {
    votes as f64 / total.max(1) as f64
}

/// A rule that cannot be understood, or does not go with what it is to decide.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RuleError(String);

impl RuleError {
    pub(in crate::voting) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// The value of a rule is missing, of no use, or out of range.
    pub(in crate::voting) fn value(name: &str, reason: impl std::fmt::Display) -> Self {
        Self(format!("the rule `{name}`: {reason}"))
    }

    pub(in crate::voting) fn unknown(name: &str, names: &[&str]) -> Self {
        let known = names.join(", ");
        Self(format!(
            "there is no voting rule {name:?}; there are {known}"
        ))
    }
}

/// Divides `name` and `name:value`.
pub(crate) fn name_and_value(text: &str) -> (&str, Option<&str>) {
    match text.trim().split_once(':') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (text.trim(), None),
    }
}
