//! Decides elections whose votes are in: what a judge or a stronger voter is still to be asked, and the
//! result.

use std::sync::Arc;

use patterns_core::Branch;

use super::open_election::OpenElection;
use crate::voting::Voting;
use crate::voting::election::Election;
use crate::voting::judge::{JudgeTask, Judgements, Pair};
use crate::voting::question::Ballot;
use crate::voting::rules::count::count_answers;
use crate::voting::rules::{Decision, Rule};
use crate::voting::stop::{Foresight, StopReason};

impl<V, R: Rule> Voting<V, R> {
    fn ballots(&self, election: &OpenElection<V>) -> Vec<Ballot> {
        let ballot = |(voter, branch): (usize, &Branch<V>)| {
            let (question, label) = (&election.question, self.label(voter));
            let ballot = self.panel.ballot(question, label, branch.value());
            Ballot {
                weight: self.panel.voter(voter).0.weight,
                ..ballot
            }
        };
        election.counted().map(ballot).collect()
    }

    /// Puts a comparison into the words for the judge.
    pub(super) fn judge_task(
        &self,
        election: &OpenElection<V>,
        (first, second): Pair,
    ) -> JudgeTask {
        let answers = count_answers(&self.ballots(election));
        JudgeTask {
            question: Arc::clone(&election.question),
            first: answers[first].answer.clone(),
            second: answers[second].answer.clone(),
        }
    }

    /// Returns what the judge is still to be asked of an election whose votes are in.
    pub(super) fn to_judge(&self, election: &OpenElection<V>) -> Vec<Pair> {
        if self.rule.judge().is_none() {
            return Vec::new();
        }
        let answers = count_answers(&self.ballots(election)).len();
        let mut due = self.rule.to_judge(answers, &election.judgements);
        due.retain(|it| !election.being_judged.contains(it));
        due
    }

    /// Returns whether the stronger voter is still to be asked, once all is judged.
    pub(super) fn is_to_escalate(&self, election: &OpenElection<V>) -> bool {
        self.escalation.is_some()
            && election.escalated.is_none()
            && election.stop != Some(StopReason::CallsSpent)
            && !self.result(election).decision.is_won()
    }

    /// Decides by the votes, and by what the judge has said.
    fn result(&self, election: &OpenElection<V>) -> Election<R::Winner> {
        let ballots = self.ballots(election);
        let (tie_break, judgements) = (self.tie_break, &election.judgements);
        Election::decide(&self.rule, ballots, tie_break, self.quorum, judgements)
    }

    /// Decides an election that is over, and returns its ballots too: those that were counted, then
    /// those that were not.
    pub(super) fn decide(
        &self,
        over: OpenElection<V>,
        foresight: Option<&Foresight>,
    ) -> (Election<R::Winner>, Vec<Branch<V>>) {
        let mut election = self.result(&over);
        election.voters = self.voters.get() as u64;
        election.waves = over.waves;
        election.stop_reason = over.stop.unwrap_or(StopReason::AllVotesCast);
        election.stability = match election.stop_reason {
            _ if over.stop.is_none() => None,
            StopReason::AllVotesCast | StopReason::Decided => Some(1.0),
            _ => foresight.and_then(|it| it.win_probability(&over.tally)),
        };
        let is_cut = matches!(over.stop, None | Some(StopReason::CallsSpent));
        if is_cut && election.ballots.is_empty() {
            election.decision = Decision::NotAsked;
        }
        self.escalate(&over, &mut election);
        let (mut ballots, spare) = over.into_ballots();
        election.spare_ballots = spare.len() as u64;
        ballots.extend(spare);
        (election, ballots)
    }

    /// Lets the stronger voter's answer stand, if it was asked and gave one.
    fn escalate(&self, over: &OpenElection<V>, election: &mut Election<R::Winner>) {
        let (Some(escalated), Some(voter)) = (&over.escalated, &self.escalation) else {
            return;
        };
        let name = voter.name.as_deref().unwrap_or("escalation").to_owned();
        let ballot = self.panel.ballot(&over.question, name, escalated.as_ref());
        let ballots = std::slice::from_ref(&ballot);
        let ruling = self
            .rule
            .decide(ballots, self.tie_break, &Judgements::default());
        if ruling.decision.is_won() {
            election.winning_answer = ruling.winner;
            election.decision = Decision::Escalated;
        }
        election.escalation = Some(ballot);
    }
}
