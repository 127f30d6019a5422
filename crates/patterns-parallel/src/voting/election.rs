//! Decides an election once, and holds the result: its ballots and what the rule made of them.

use serde::{Deserialize, Serialize};

use super::ballot::Ballot;
use super::judge::Judgements;
use super::rules::count::count_answers;
use super::rules::{AnswerCount, Decision, Rule, ShareInterval, TieBreak, Weights};
use super::stop::StopReason;

/// The result of an election; `W` is what wins, `D` what the rule found beside the counts of votes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Election<W = String, D = Weights> {
    /// The winner, in its most frequent spelling; `None` without a consensus.
    pub winning_answer: Option<W>,
    /// Why there is a winner, or none.
    pub decision: Decision,
    /// How many votes the leading answer has.
    pub vote_count: u64,
    /// How many valid votes were cast.
    pub total_votes: u64,
    /// The leading answer's share of the valid votes, 0 to 1. It says how united the voters are,
    /// not how likely they are right. Of objects that are decided field by field it is the mean
    /// share of the fields.
    pub share: f64,
    /// The Wilson interval of the share, at 95 %; `None` where it is no share of equal votes.
    pub share_interval: Option<ShareInterval>,
    /// How likely the vote of all voters has the same winner, 0 to 1; 1 where that is certain, and
    /// `None` where it cannot be foreseen.
    pub stability: Option<f64>,
    /// Each answer with its votes, most votes first, ties in the order seen.
    pub counts: Vec<AnswerCount>,
    /// All valid answers word for word, in voter order.
    pub all_answers: Vec<String>,
    /// Voters that gave no countable answer.
    pub abstentions: u64,
    /// How many voters might have been asked.
    pub voters: u64,
    /// How many waves of voters were asked, one after the other.
    pub waves: u64,
    /// Why no more voters were asked.
    pub stop_reason: StopReason,
    /// Ballots that were asked for in advance and not needed: cancelled, or left uncounted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub spare_ballots: u64,
    /// What the rule found that counts of votes don't say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<D>,
    /// The stronger voter's ballot, where the voters came to no consensus and one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Ballot>,
    /// Every ballot that was counted, in voter order.
    pub ballots: Vec<Ballot>,
}

/// The result of an election by this rule.
pub(super) type ElectionBy<R> = Election<<R as Rule>::Winner, <R as Rule>::Detail>;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl<W, D> Election<W, D> {
    /// Decides by `rule`. With fewer valid votes than the quorum, nobody wins.
    pub(super) fn decide<R: Rule<Winner = W, Detail = D>>(
        rule: &R,
        ballots: Vec<Ballot>,
        (tie_break, quorum): (TieBreak, u64),
        judgements: &Judgements,
    ) -> Self {
        let ruling = rule.decide(&ballots, tie_break, judgements);
        let decision = if ruling.total_votes < quorum.max(1) {
            Decision::QuorumMissed
        } else {
            ruling.decision
        };
        let valid = ballots.iter().filter_map(Ballot::valid);
        Self {
            winning_answer: ruling.winner.filter(|_| decision.is_won()),
            decision,
            vote_count: ruling.vote_count,
            total_votes: ruling.total_votes,
            share: ruling.share,
            share_interval: ruling.share_interval,
            stability: None,
            counts: count_answers(&ballots),
            all_answers: valid.map(|(_, answer)| answer.to_owned()).collect(),
            abstentions: ballots.len() as u64 - ruling.total_votes,
            voters: ballots.len() as u64,
            waves: 1,
            stop_reason: StopReason::AllVotesCast,
            spare_ballots: 0,
            detail: ruling.detail,
            escalation: None,
            ballots,
        }
    }
}
