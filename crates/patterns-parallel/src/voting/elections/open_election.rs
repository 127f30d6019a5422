//! Keeps one election under way: who was asked, whose ballot is in, what is counted and what is judged.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use patterns_core::{AgentErrorKind, Branch, BranchEnd, BranchId, ModelErrorKind};

use crate::voting::judge::{Judgements, Pair};
use crate::voting::question::Question;
use crate::voting::stop::{StopReason, Tally};

/// An election under way, or over.
#[derive(Debug)]
pub(super) struct OpenElection<V> {
    pub(super) id: String,
    pub(super) question: Arc<Question>,
    pub(super) tally: Tally,
    /// Ballots in the order in which they were counted.
    pub(super) counted: Vec<Cast<V>>,
    /// Ballots that were asked for in advance and not needed, in voter order.
    pub(super) spare: Vec<Cast<V>>,
    pub(super) waves: u64,
    pub(super) stop: Option<StopReason>,
    /// What a judge has said of the answers.
    pub(super) judgements: Judgements,
    /// What the judge is being asked.
    pub(super) being_judged: BTreeSet<Pair>,
    /// The stronger voter's ballot, if it was asked for; `None` inside if it failed.
    pub(super) escalated: Option<Option<V>>,
    /// Voters that were asked and are not counted, in voter order.
    pending: VecDeque<Pending<V>>,
    asked: usize,
}

/// A ballot that has ended.
#[derive(Debug)]
pub(super) struct Cast<V> {
    pub(super) voter: usize,
    pub(super) branch: Branch<V>,
}

#[derive(Debug)]
struct Pending<V> {
    voter: usize,
    state: State<V>,
}

#[derive(Debug)]
enum State<V> {
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
            counted: Vec::new(),
            spare: Vec::new(),
            waves: 0,
            stop: None,
            judgements: Judgements::default(),
            being_judged: BTreeSet::new(),
            escalated: None,
            pending: VecDeque::new(),
            asked: 0,
        }
    }

    /// Asks one more voter, and returns its number.
    pub(super) fn ask(&mut self) -> usize {
        let voter = self.asked;
        self.asked += 1;
        let state = State::Due;
        self.pending.push_back(Pending { voter, state });
        voter
    }

    pub(super) fn began(&mut self, voter: usize, branch: BranchId) {
        if let Some(it) = self.find(voter) {
            it.state = State::UnderWay(branch);
        }
    }

    /// Puts a ballot that has ended in its place; it is counted later, or is a spare one if the
    /// election is decided.
    pub(super) fn ended(&mut self, cast: Cast<V>) {
        if self.stop.is_some() {
            self.pending.retain(|it| it.voter != cast.voter);
            let at = self.spare.partition_point(|it| it.voter < cast.voter);
            self.spare.insert(at, cast);
        } else if let Some(it) = self.find(cast.voter) {
            it.state = State::Ended(cast.branch);
        }
    }

    fn find(&mut self, voter: usize) -> Option<&mut Pending<V>> {
        self.pending.iter_mut().find(|it| it.voter == voter)
    }

    /// Counts the ballot of the first voter who is not counted, if it is in. Returns whether it was.
    pub(super) fn count_next(
        &mut self,
        answer_of: impl Fn(&Question, &V) -> Option<String>,
    ) -> bool {
        let has_ended = |it: &Pending<V>| matches!(it.state, State::Ended(_));
        if !self.pending.front().is_some_and(has_ended) {
            return false;
        }
        let Some(Pending {
            voter,
            state: State::Ended(branch),
        }) = self.pending.pop_front()
        else {
            return false;
        };
        let answer = branch.value().and_then(|it| answer_of(&self.question, it));
        if was_cast(&branch) {
            self.tally.count(answer.as_deref());
            self.counted.push(Cast { voter, branch });
        } else {
            self.spare.push(Cast { voter, branch });
        }
        true
    }

    /// Returns whether anybody was asked, even if that came to nothing.
    pub(super) fn was_put_to_anybody(&self) -> bool {
        let has_begun = |it: &Pending<V>| !matches!(it.state, State::Due);
        let has_ended = !self.counted.is_empty() || !self.spare.is_empty();
        has_ended || self.pending.iter().any(has_begun)
    }

    /// Returns how many voters were asked and are not counted.
    pub(super) fn pending(&self) -> u64 {
        self.pending.len() as u64
    }

    /// Returns whether all that were asked are counted, or set aside.
    pub(super) fn is_wave_in(&self) -> bool {
        self.pending.is_empty()
    }

    /// Returns the ballots that are being cast.
    pub(super) fn under_way(&self) -> impl Iterator<Item = BranchId> {
        self.pending.iter().filter_map(|it| match it.state {
            State::UnderWay(branch) => Some(branch),
            State::Due | State::Ended(_) => None,
        })
    }

    /// Sets ballots aside that are in and not needed, and recalls those that nobody has begun to
    /// cast; returns whether there were any of these.
    pub(super) fn recall(&mut self) -> bool {
        let mut recalled = false;
        for Pending { voter, state } in std::mem::take(&mut self.pending) {
            match state {
                State::Due => recalled = true,
                State::UnderWay(_) => self.pending.push_back(Pending { voter, state }),
                State::Ended(branch) => self.spare.push(Cast { voter, branch }),
            }
        }
        recalled
    }

    /// Ends for want of calls.
    pub(super) fn spent(mut self) -> Self {
        self.stop.get_or_insert(StopReason::CallsSpent);
        self
    }

    /// Ends before its time, with all ballots that are in.
    pub(super) fn break_off(mut self) -> Self {
        for Pending { voter, state } in std::mem::take(&mut self.pending) {
            match state {
                State::Ended(branch) if was_cast(&branch) => {
                    self.counted.push(Cast { voter, branch });
                }
                State::Ended(branch) => self.spare.push(Cast { voter, branch }),
                State::Due | State::UnderWay(_) => {}
            }
        }
        self
    }
}

/// Returns whether a voter has had its say, if only by failing: not if the run ended or the budget
/// was used up first.
fn was_cast<V>(branch: &Branch<V>) -> bool {
    const NO_BUDGET: AgentErrorKind = AgentErrorKind::Model(ModelErrorKind::BudgetExhausted);
    match &branch.end {
        BranchEnd::Answered(_) => true,
        BranchEnd::Failed(error) => error.kind() != NO_BUDGET,
        BranchEnd::Cancelled => false,
    }
}
