//! Decides an election: a pure function of the ballots.

use serde::{Deserialize, Serialize};

use super::agreement::{ShareInterval, wilson_interval};
use super::ballot::Ballot;
use super::detail::RuleDetail;
use super::stop::StopReason;

/// How ballots become a winner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The most votes; what papers on language models call majority voting.
    #[default]
    Plurality,
    /// The most votes, if they are more than half of the valid ones.
    Majority,
    /// The most votes, if they are at least this share of the valid ones, 0 to 1.
    Threshold(f64),
}

impl Rule {
    fn is_met(self, votes: u64, valid: u64) -> bool {
        match self {
            Self::Plurality => true,
            Self::Majority => votes * 2 > valid,
            // A hair of tolerance, or 2 of 3 would miss a threshold written as 0.6667.
            Self::Threshold(share) => votes as f64 + 1e-3 >= share * valid as f64,
        }
    }

    /// Returns whether a share of all weight is enough.
    pub(super) fn is_met_by(self, share: f64) -> bool {
        match self {
            Self::Plurality => true,
            Self::Majority => share > 0.5 + 1e-9,
            // 2 of 3 are enough for 0.6667 here, too.
            Self::Threshold(least) => share + 1e-4 >= least,
        }
    }
}

/// What happens when several answers have the most votes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TieBreak {
    /// The one that was seen first, in voter order, wins. On recorded votes that is as good as
    /// drawing lots, and it can be repeated.
    #[default]
    FirstSeen,
    /// Nobody wins.
    NoConsensus,
    /// Further voters are asked, one after the other, until one answer leads or so many have been
    /// asked in all; if it is still a tie then, nobody wins. For rules that count votes.
    Extend {
        /// The most voters, those before the tie included.
        most: u64,
    },
}

/// The result of an election.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Election {
    /// The winner in its most frequent spelling; `None` without a consensus.
    pub winning_answer: Option<String>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<RuleDetail>,
    /// The stronger voter's ballot, where the voters came to no consensus and one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Ballot>,
    /// Every ballot that was counted, in voter order.
    pub ballots: Vec<Ballot>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// An answer and its votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerCount {
    /// The answer in its most frequent spelling.
    pub answer: String,
    /// How many voters gave it.
    pub votes: u64,
}

/// How an election was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The leading answer met the rule.
    Won,
    /// Several answers led; the one seen first won.
    WonByTieBreak,
    /// No consensus: too few valid votes.
    QuorumMissed,
    /// No consensus: the leading answer has too few votes for the rule.
    ThresholdMissed,
    /// No consensus: several answers lead.
    Tied,
    /// No consensus: the judge did not say which answer it is.
    NotJudged,
    /// No voter was asked: the calls were spent before it was this question's turn.
    NotAsked,
    /// The voters came to no consensus; the stronger voter's answer stands.
    Escalated,
}

impl Decision {
    /// Returns whether there is a winner.
    pub fn is_won(self) -> bool {
        match self {
            Self::Won | Self::WonByTieBreak | Self::Escalated => true,
            Self::QuorumMissed
            | Self::ThresholdMissed
            | Self::Tied
            | Self::NotJudged
            | Self::NotAsked => false,
        }
    }
}

/// Names the decision between several leaders, or for one.
pub(super) fn by_tie_break(is_tied: bool, tie_break: TieBreak) -> Decision {
    match tie_break {
        _ if !is_tied => Decision::Won,
        TieBreak::FirstSeen => Decision::WonByTieBreak,
        TieBreak::NoConsensus | TieBreak::Extend { .. } => Decision::Tied,
    }
}

/// Counts `ballots` and decides.
pub(super) fn decide(
    ballots: Vec<Ballot>,
    rule: Rule,
    tie_break: TieBreak,
    quorum: u64,
) -> Election {
    let groups = group(&ballots);
    let total_votes: u64 = groups.iter().map(|group| group.votes).sum();
    let vote_count = groups.first().map_or(0, |group| group.votes);
    let leaders = groups.iter().filter(|it| it.votes == vote_count).count();
    let decision = if total_votes < quorum.max(1) {
        Decision::QuorumMissed
    } else if !rule.is_met(vote_count, total_votes) {
        Decision::ThresholdMissed
    } else {
        by_tie_break(leaders > 1, tie_break)
    };
    let winner = groups.first().filter(|_| decision.is_won());
    let share = vote_count as f64 / total_votes.max(1) as f64;
    Election {
        winning_answer: winner.map(|group| group.answer.clone()),
        decision,
        vote_count,
        total_votes,
        share,
        share_interval: wilson_interval(vote_count, total_votes),
        stability: None,
        abstentions: ballots.len() as u64 - total_votes,
        voters: ballots.len() as u64,
        waves: 1,
        stop_reason: StopReason::AllVotesCast,
        spare_ballots: 0,
        detail: None,
        all_answers: valid(&ballots)
            .map(|(_, answer)| answer.to_owned())
            .collect(),
        counts: groups,
        escalation: None,
        ballots,
    }
}

/// Returns the answers that count, each in counted form and word for word.
fn valid(ballots: &[Ballot]) -> impl Iterator<Item = (&str, &str)> {
    ballots
        .iter()
        .filter_map(|ballot| Some((ballot.normalised.as_deref()?, ballot.answer.as_deref()?)))
}

/// Returns the answers with their votes, most votes first, ties in the order seen.
pub(super) fn group(ballots: &[Ballot]) -> Vec<AnswerCount> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (normalised, answer) in valid(ballots) {
        match groups.iter_mut().find(|(it, _)| *it == normalised) {
            Some((_, spellings)) => spellings.push(answer.trim()),
            None => groups.push((normalised, vec![answer.trim()])),
        }
    }
    let mut counts: Vec<AnswerCount> = groups
        .into_iter()
        .map(|(_, spellings)| AnswerCount {
            answer: most_frequent(&spellings).to_owned(),
            votes: spellings.len() as u64,
        })
        .collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.votes));
    counts
}

/// Returns the spelling that occurs most often; the first of them in a tie.
pub(super) fn most_frequent<'a>(spellings: &[&'a str]) -> &'a str {
    let count = |it: &str| spellings.iter().filter(|other| **other == it).count();
    let mut best = "";
    let mut best_count = 0;
    for spelling in spellings {
        if count(spelling) > best_count {
            (best, best_count) = (spelling, count(spelling));
        }
    }
    best
}

#[cfg(test)]
mod tests;
