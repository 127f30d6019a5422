//! Decides an election once, and holds the result: its ballots and what the rule made of them. Counts how the
//! elections of a batch ended, and shows how one stood after each ballot.

use patterns_core::Branch;
use serde::Serialize;

use super::judge::Judgements;
use super::question::Ballot;
use super::rules::count::count_answers;
use super::rules::{AnswerCount, Decision, Detail, FieldElection, Rule, ShareInterval, TieBreak};
use super::stop::{Step, StopReason, Stopper, Tally};

/// The result of an election; `W` is what wins.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Election<W = String> {
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
    #[serde(skip_serializing_if = "is_zero")]
    pub spare_ballots: u64,
    /// What the rule found that counts of votes don't say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
    /// The stronger voter's ballot, where the voters came to no consensus and one was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Ballot>,
    /// Every ballot that was counted, in voter order.
    pub ballots: Vec<Ballot>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl<W> Election<W> {
    /// Returns how each field of an object was decided; none if it was not decided field by field.
    pub fn fields(&self) -> &[FieldElection] {
        match &self.detail {
            Some(Detail::Fields { fields, .. }) => fields,
            _ => &[],
        }
    }

    /// Decides by `rule`. With fewer valid votes than the quorum, nobody wins.
    pub(super) fn decide<R: Rule<Winner = W>>(
        rule: &R,
        ballots: Vec<Ballot>,
        tie_break: TieBreak,
        quorum: u64,
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

/// One decided question of a batch.
#[derive(Debug)]
pub struct BatchElection<V, W = String> {
    /// The question's id, as given.
    pub id: String,
    /// The result.
    pub election: Election<W>,
    /// The ballots behind it, in voter order, failed ones included.
    pub branches: Vec<Branch<V>>,
}

/// How the elections of a batch ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BatchTally {
    /// Elections with a winner.
    pub decided: u64,
    /// Elections without one.
    pub undecided: u64,
    /// Questions that were put to nobody, as the calls were spent before.
    pub unasked: u64,
    /// Elections that ended because the calls were spent, among the decided and the undecided.
    pub cut_short: u64,
}

impl BatchTally {
    pub(super) fn count<W>(&mut self, election: &Election<W>) {
        match election.decision {
            Decision::NotAsked => self.unasked += 1,
            decision if decision.is_won() => self.decided += 1,
            _ => self.undecided += 1,
        }
        let is_short = election.stop_reason == StopReason::CallsSpent;
        self.cut_short += u64::from(is_short && election.decision != Decision::NotAsked);
    }

    /// Returns how many elections are counted.
    pub(super) fn elections(&self) -> u64 {
        self.decided + self.undecided + self.unasked
    }
}

/// How an election stood after a ballot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// Who voted.
    pub voter: String,
    /// The ballot as it was counted; `None` for an abstention.
    pub counted: Option<String>,
    /// In which wave, from 1. The voters of a wave are asked at once.
    pub wave: u64,
    /// Each answer with its votes, most votes first, ties in the order seen.
    pub counts: Vec<(String, u64)>,
    /// By how many votes the leader is ahead.
    pub lead: u64,
    /// At the end of a wave: how many more voters are asked, or why none.
    pub next: Option<Step>,
}

/// Returns how an election stood after each of its ballots, which are counted in voter order.
pub(super) fn standings(ballots: &[Ballot], stopper: &Stopper) -> Vec<Standing> {
    let mut tally = Tally::default();
    let (mut wave, mut left) = (0, 0);
    let mut steps = Vec::with_capacity(ballots.len());
    for ballot in ballots {
        if left == 0
            && let Step::Ask(ballots) = stopper.next(&tally)
        {
            (wave, left) = (wave + 1, ballots);
        }
        tally.count(ballot.normalised.as_deref());
        left = left.saturating_sub(1);
        let next = (left == 0).then(|| stopper.next(&tally));
        let (leader, runner_up) = tally.front();
        let mut counts = tally.counts().to_vec();
        counts.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
        steps.push(Standing {
            voter: ballot.voter.clone(),
            counted: ballot.normalised.clone(),
            wave,
            counts,
            lead: leader - runner_up,
            next,
        });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voting::StoppingRule;

    #[test]
    fn waves_end_where_the_stopper_decides_again() {
        let ballots = ["a", "a", "b", "a", ""].map(|answer| {
            let counted = (!answer.is_empty()).then(|| answer.to_owned());
            Ballot::new("v", None, counted)
        });
        let stopper = Stopper::new(StoppingRule::AheadBy(2), 7).unwrap();
        let shown = standings(&ballots[..4], &stopper);
        let line =
            |it: &Standing| format!("{} {:?} +{} {:?}", it.wave, it.counts, it.lead, it.next);
        insta::assert_snapshot!(shown.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
        1 [("a", 1)] +1 None
        1 [("a", 2)] +2 Some(Stop(AheadEnough))
        1 [("a", 2), ("b", 1)] +1 Some(Ask(1))
        2 [("a", 3), ("b", 1)] +2 Some(Stop(AheadEnough))
        "#);
        let stopper = Stopper::new(StoppingRule::Fixed, 5).unwrap();
        let shown = standings(&ballots, &stopper);
        insta::assert_snapshot!(shown.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
        1 [("a", 1)] +1 None
        1 [("a", 2)] +2 None
        1 [("a", 2), ("b", 1)] +1 None
        1 [("a", 3), ("b", 1)] +2 None
        1 [("a", 3), ("b", 1)] +2 Some(Stop(AllVotesCast))
        "#);
    }
}
