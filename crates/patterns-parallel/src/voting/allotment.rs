//! Shares a number of calls among elections: who gets the next one. A pure decision.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};

use patterns_core::{Branch, BranchId};

use super::stop::{CallIndex, Tally};

/// Gives each call to the election that gains most from it.
///
/// It depends on the ballots alone, neither on who answers first nor on how many calls are in flight:
/// once L calls are given, each further one is given when the oldest of them has been counted, and
/// nobody gets a call while one of its own is not counted. The larger L, the more calls can be under
/// way at once and the less each choice knows; on recorded panels, L of a quarter of the elections
/// agrees with all votes by 2 points less than L of a sixteenth, which is nearly as good as one call
/// at a time (`cargo xtask vote-bench`).
#[derive(Debug)]
pub(super) struct Allotment<V> {
    index: CallIndex,
    left: u64,
    elections: usize,
    lag: Option<usize>,
    /// Elections that want a call, the most deserving last; of equals the earlier one.
    queue: BTreeSet<(u64, Reverse<u64>)>,
    /// Calls in the order in which they were given.
    under_way: VecDeque<Call<V>>,
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Step<V> {
    /// This election gets a call.
    Give(u64),
    /// This ballot is counted.
    Count(Branch<V>),
    /// A call must end first.
    Wait,
}

#[derive(Debug)]
enum Call<V> {
    Given,
    Launched(BranchId),
    Ended(Branch<V>),
}

impl<V> Allotment<V> {
    pub(super) fn new(calls: u64, index: CallIndex) -> Self {
        Self {
            index,
            left: calls,
            elections: 0,
            lag: None,
            queue: BTreeSet::new(),
            under_way: VecDeque::new(),
        }
    }

    /// Takes note that an election wants a call.
    pub(super) fn offer(&mut self, election: u64, tally: &Tally) {
        self.elections = self.elections.max(election as usize + 1);
        // Of numbers that are not negative, the bits are in the order of their values.
        let worth = self.index.of(tally).max(0.0).to_bits();
        self.queue.insert((worth, Reverse(election)));
    }

    /// Takes note that no further election begins; returns whether that is news.
    pub(super) fn all_begun(&mut self) -> bool {
        let is_news = self.lag.is_none() && self.elections > 0;
        self.lag = Some(lag(self.elections));
        is_news
    }

    /// Takes the next step that can be taken now.
    pub(super) fn step(&mut self) -> Step<V> {
        let lag = self.lag.unwrap_or_default();
        if self.left > 0
            && self.under_way.len() < lag
            && let Some((_, Reverse(election))) = self.queue.pop_last()
        {
            self.left -= 1;
            self.under_way.push_back(Call::Given);
            return Step::Give(election);
        }
        match self.under_way.pop_front() {
            Some(Call::Ended(branch)) => Step::Count(branch),
            Some(call) => {
                self.under_way.push_front(call);
                Step::Wait
            }
            None => Step::Wait,
        }
    }

    /// Takes note that the first call that was given and is not under way now is.
    pub(super) fn launched(&mut self, branch: BranchId) {
        let mut given = self.under_way.iter_mut();
        if let Some(call) = given.find(|it| matches!(it, Call::Given)) {
            *call = Call::Launched(branch);
        }
    }

    /// Takes note of the end of a call.
    pub(super) fn ended(&mut self, branch: Branch<V>) {
        let is_it = |call: &&mut Call<V>| matches!(call, Call::Launched(id) if *id == branch.id);
        if let Some(call) = self.under_way.iter_mut().find(is_it) {
            *call = Call::Ended(branch);
        }
    }

    /// Gives no more calls.
    pub(super) fn spend_all(&mut self) {
        self.left = 0;
    }

    /// Returns whether no call is left and none is under way.
    pub(super) fn is_spent(&self) -> bool {
        self.left == 0 && self.under_way.is_empty()
    }
}

/// Returns how many calls may be under way: a sixteenth of the elections, but where these are few, up
/// to a quarter of them, or it would take for ever.
fn lag(elections: usize) -> usize {
    (elections / 16).max(16.min(elections / 4)).max(1)
}
