//! Shares a number of calls among elections: decides who gets the next one.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};

/// Gives each call to the election that gains most from it.
///
/// It depends on the ballots alone, neither on who answers first nor on how many calls are in flight:
/// once L calls are given, each further one is given when the oldest of them has been counted, and
/// nobody gets a call while one of its own is not counted. The larger L, the more calls can be under
/// way at once and the less each choice knows; on recorded panels, L of a quarter of the elections
/// agrees with all votes by 2 points less than L of a sixteenth, which is nearly as good as one call
/// at a time (`cargo xtask vote-bench`).
#[derive(Debug)]
pub(super) struct SharedCalls {
    left: u64,
    elections: usize,
    lag: Option<usize>,
    /// Elections that want a call, the most deserving last; of equals the earlier one.
    queue: BTreeSet<(u64, Reverse<u64>)>,
    /// Elections with a call that is not counted, in the order in which calls were given.
    given: VecDeque<u64>,
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum NextCall {
    /// This election gets a call.
    Give(u64),
    /// The ballot of this one is counted.
    Count(u64),
}

impl SharedCalls {
    pub(super) fn new(calls: u64) -> Self {
        Self {
            left: calls,
            elections: 0,
            lag: None,
            queue: BTreeSet::new(),
            given: VecDeque::new(),
        }
    }

    /// Adds an election to those that want a call, with what that is worth.
    pub(super) fn offer(&mut self, election: u64, worth: f64) {
        self.elections = self.elections.max(election as usize + 1);
        // Of numbers that are not negative, the bits are in the order of their values.
        self.queue
            .insert((worth.max(0.0).to_bits(), Reverse(election)));
    }

    /// Says that no further election begins; returns whether that is news.
    pub(super) fn all_begun(&mut self) -> bool {
        let is_news = self.lag.is_none() && self.elections > 0;
        self.lag = Some(lag(self.elections));
        is_news
    }

    /// Returns the next thing that can be done now, given whose ballots are in; `None` if one must come in
    /// first.
    pub(super) fn next(&mut self, is_in: impl Fn(u64) -> bool) -> Option<NextCall> {
        let lag = self.lag.unwrap_or_default();
        if self.left > 0
            && self.given.len() < lag
            && let Some((_, Reverse(election))) = self.queue.pop_last()
        {
            self.left -= 1;
            self.given.push_back(election);
            return Some(NextCall::Give(election));
        }
        let election = *self.given.front().filter(|it| is_in(**it))?;
        self.given.pop_front();
        Some(NextCall::Count(election))
    }

    /// Gives no more calls.
    pub(super) fn spend_all(&mut self) {
        self.left = 0;
    }

    /// Returns whether no call is left and none is under way.
    pub(super) fn is_spent(&self) -> bool {
        self.left == 0 && self.given.is_empty()
    }
}

/// Returns how many calls may be under way: a sixteenth of the elections, but where these are few, up
/// to a quarter of them, or it would take for ever.
fn lag(elections: usize) -> usize {
    (elections / 16).max(16.min(elections / 4)).max(1)
}
