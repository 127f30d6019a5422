//! Keeps one election under way: who was asked, whose ballot is in, what is counted and what is judged.

use std::collections::BTreeSet;
use std::sync::Arc;

use patterns_core::{AgentError, AgentErrorKind, Branch, BranchEnd, BranchId, ModelErrorKind};

use crate::voting::judge::{Judgements, Pair};
use crate::voting::question::Question;
use crate::voting::stop::{StopReason, Tally};

/// An election under way, or over.
#[derive(Debug)]
pub(super) struct OpenElection<V> {
    pub(super) id: String,
    pub(super) question: Arc<Question>,
    pub(super) tally: Tally,
    pub(super) waves: u64,
    pub(super) stop: Option<StopReason>,
    /// What a judge has said of the answers.
    pub(super) judgements: Judgements,
    /// What the judge is being asked.
    pub(super) being_judged: BTreeSet<Pair>,
    /// How many judgements and further ballots are under way.
    pub(super) steps: u32,
    /// The stronger voter's ballot, if it was asked for; `None` inside if it failed.
    pub(super) escalated: Option<Option<V>>,
    /// Those who were asked, in voter order.
    asked: Vec<Asked<V>>,
    /// How many of them are counted or set aside.
    done: usize,
}

#[derive(Debug)]
enum Asked<V> {
    Due,
    UnderWay(BranchId),
    Ended(Branch<V>),
}

impl<V> OpenElection<V> {
    pub(super) fn new(id: String, question: Arc<Question>) -> Self {
        Self {
            id,
            question,
            tally: Tally::default(),
            waves: 0,
            stop: None,
            judgements: Judgements::default(),
            being_judged: BTreeSet::new(),
            steps: 0,
            escalated: None,
            asked: Vec::new(),
            done: 0,
        }
    }

    /// Asks one more voter, and returns its number.
    pub(super) fn ask(&mut self) -> usize {
        self.asked.push(Asked::Due);
        self.asked.len() - 1
    }

    pub(super) fn began(&mut self, voter: usize, branch: BranchId) {
        self.asked[voter] = Asked::UnderWay(branch);
    }

    /// Puts a ballot that has ended in its place; it is counted later, or is a spare one if the
    /// election is decided.
    pub(super) fn ended(&mut self, voter: usize, ballot: Branch<V>) {
        self.asked[voter] = Asked::Ended(ballot);
    }

    /// Returns whether the ballot is in of the first voter who is not counted.
    pub(super) fn is_next_in(&self) -> bool {
        matches!(self.asked.get(self.done), Some(Asked::Ended(_)))
    }

    /// Counts the ballot of the first voter who is not counted, if it is in. Returns whether it was.
    pub(super) fn count_next(
        &mut self,
        answer_of: impl Fn(&Question, &V) -> Option<String>,
    ) -> bool {
        let Some(Asked::Ended(ballot)) = self.asked.get(self.done) else {
            return false;
        };
        if was_cast(ballot) {
            let answer = ballot.value().and_then(|it| answer_of(&self.question, it));
            self.tally.count(answer.as_deref());
        }
        self.done += 1;
        true
    }

    /// Returns the ballots that are counted, by voter.
    pub(super) fn counted(&self) -> impl Iterator<Item = (usize, &Branch<V>)> {
        let done = self.asked[..self.done].iter().enumerate();
        done.filter_map(|(voter, asked)| match asked {
            Asked::Ended(ballot) if was_cast(ballot) => Some((voter, ballot)),
            _ => None,
        })
    }

    /// Returns the ballots that are in: those that are counted, and those that were not needed or came to
    /// nothing.
    pub(super) fn into_ballots(self) -> (Vec<Branch<V>>, Vec<Branch<V>>) {
        let (mut counted, mut spare) = (Vec::new(), Vec::new());
        for (voter, asked) in self.asked.into_iter().enumerate() {
            match asked {
                Asked::Ended(it) if voter < self.done && was_cast(&it) => counted.push(it),
                Asked::Ended(it) => spare.push(it),
                Asked::Due | Asked::UnderWay(_) => {}
            }
        }
        (counted, spare)
    }

    /// Returns whether anybody was asked, even if that came to nothing.
    pub(super) fn was_put_to_anybody(&self) -> bool {
        self.asked.iter().any(|it| !matches!(it, Asked::Due))
    }

    /// Returns how many voters were asked and are not counted.
    pub(super) fn pending(&self) -> u64 {
        (self.asked.len() - self.done) as u64
    }

    /// Returns the ballots that are being cast.
    pub(super) fn under_way(&self) -> impl Iterator<Item = BranchId> {
        self.asked.iter().filter_map(|it| match it {
            Asked::UnderWay(branch) => Some(*branch),
            Asked::Due | Asked::Ended(_) => None,
        })
    }

    /// Recalls the ballots that nobody has begun to cast, which are the last ones; returns whether there were
    /// any.
    pub(super) fn recall(&mut self) -> bool {
        let asked = self.asked.len();
        while let Some(Asked::Due) = self.asked.last() {
            self.asked.pop();
        }
        self.asked.len() < asked
    }

    /// Ends before its time, for want of calls or for another reason: with all ballots that are in.
    pub(super) fn break_off(mut self, is_spent: bool) -> Self {
        if self.stop.is_none() {
            self.done = self.asked.len();
            self.stop = is_spent.then_some(StopReason::CallsSpent);
        }
        self
    }
}

/// Returns whether a voter has had its say, if only by failing: not if the run ended or the budget
/// was used up first.
fn was_cast<V>(branch: &Branch<V>) -> bool {
    match &branch.end {
        BranchEnd::Answered(_) => true,
        BranchEnd::Failed(error) => !is_out_of_budget(error),
        BranchEnd::Cancelled => false,
    }
}

pub(super) fn is_out_of_budget(error: &AgentError) -> bool {
    error.kind() == AgentErrorKind::Model(ModelErrorKind::BudgetExhausted)
}
