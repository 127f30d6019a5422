//! Shares a number of calls among elections: decides who gets the next one.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};

use patterns_core::BranchId;

use crate::voting::stop::{CallIndex, Tally};

/// Gives each call to the election that gains most from it.
///
/// It depends on the ballots alone, neither on who answers first nor on how many calls are in flight:
/// once L calls are given, each further one is given when the oldest of them has been counted, and
/// nobody gets a call while one of its own is not counted. The larger L, the more calls can be under
/// way at once and the less each choice knows; on recorded panels, L of a quarter of the elections
/// agrees with all votes by 2 points less than L of a sixteenth, which is nearly as good as one call
/// at a time (`cargo xtask vote-bench`).
#[derive(Debug)]
pub(super) struct SharedCalls<T> {
    index: CallIndex,
    left: u64,
    elections: usize,
    lag: Option<usize>,
    /// Elections that want a call, the most deserving last; of equals the earlier one.
    queue: BTreeSet<(u64, Reverse<u64>)>,
    /// Calls in the order in which they were given.
    under_way: VecDeque<Call<T>>,
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum NextCall<T> {
    /// This election gets a call.
    Give(u64),
    /// This ballot is counted.
    Count(T),
    /// A call must end first.
    Wait,
}

#[derive(Debug)]
enum Call<T> {
    Given,
    Begun(BranchId),
    Ended(T),
}

impl<T> SharedCalls<T> {
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

    /// Adds an election to those that want a call.
    pub(super) fn offer(&mut self, election: u64, tally: &Tally) {
        self.elections = self.elections.max(election as usize + 1);
        // Of numbers that are not negative, the bits are in the order of their values.
        let worth = self.index.worth(tally).max(0.0).to_bits();
        self.queue.insert((worth, Reverse(election)));
    }

    /// Says that no further election begins; returns whether that is news.
    pub(super) fn all_begun(&mut self) -> bool {
        let is_news = self.lag.is_none() && self.elections > 0;
        self.lag = Some(lag(self.elections));
        is_news
    }

    /// Returns the next thing that can be done now.
    pub(super) fn next(&mut self) -> NextCall<T> {
        let lag = self.lag.unwrap_or_default();
        if self.left > 0
            && self.under_way.len() < lag
            && let Some((_, Reverse(election))) = self.queue.pop_last()
        {
            self.left -= 1;
            self.under_way.push_back(Call::Given);
            return NextCall::Give(election);
        }
        match self.under_way.pop_front() {
            Some(Call::Ended(ballot)) => NextCall::Count(ballot),
            Some(call) => {
                self.under_way.push_front(call);
                NextCall::Wait
            }
            None => NextCall::Wait,
        }
    }

    /// Begins the first call that was given and is not under way.
    pub(super) fn began(&mut self, branch: BranchId) {
        let mut given = self.under_way.iter_mut();
        if let Some(call) = given.find(|it| matches!(it, Call::Given)) {
            *call = Call::Begun(branch);
        }
    }

    /// Ends a call; its ballot is counted when all that were given before it are.
    pub(super) fn ended(&mut self, branch: BranchId, ballot: T) {
        let is_it = |call: &&mut Call<T>| matches!(call, Call::Begun(id) if *id == branch);
        if let Some(call) = self.under_way.iter_mut().find(is_it) {
            *call = Call::Ended(ballot);
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
