//! Hands items out in the order in which they began, in whatever order they end, and bounds how many of them
//! wait for a slow one before them.

use std::collections::BTreeMap;

use crate::RunOptions;

/// Items that may wait for a slow one before them, for each branch in flight. A call that gets stuck for a
/// minute holds back what a fast provider answers in that minute.
pub(crate) const WINDOW: u64 = 64;

/// What has begun, and what of it has ended and waits for its turn.
#[derive(Debug)]
pub(crate) struct InOrder<T> {
    waiting: BTreeMap<u64, T>,
    begun: u64,
    /// How many were handed out.
    next: u64,
    /// How many may have begun that were not handed out; no bound where all are kept anyway.
    window: Option<u64>,
    /// Whether nothing ends any more that has not ended.
    is_over: bool,
}

impl<T> InOrder<T> {
    pub(crate) fn new(options: &RunOptions) -> Self {
        Self {
            waiting: BTreeMap::new(),
            begun: 0,
            next: 0,
            window: Some(WINDOW * options.concurrency.get() as u64),
            is_over: false,
        }
    }

    /// Bounds nothing.
    pub(crate) fn unbounded(&mut self) {
        self.window = None;
    }

    /// Returns whether no further one may begin for now.
    pub(crate) fn is_full(&self) -> bool {
        self.window.is_some_and(|it| self.begun - self.next >= it)
    }

    /// Returns whether all that have begun were handed out.
    pub(crate) fn is_empty(&self) -> bool {
        self.begun == self.next
    }

    /// Begins the next one and returns its place, counted from 0.
    pub(crate) fn begin(&mut self) -> u64 {
        self.begun += 1;
        self.begun - 1
    }

    /// Takes the one at this place, which has ended.
    pub(crate) fn put(&mut self, place: u64, it: T) {
        self.waiting.insert(place, it);
    }

    /// Waits no longer for those that have not ended.
    pub(crate) fn finish(&mut self) {
        self.is_over = true;
    }

    /// Returns the next one, if it is there.
    pub(crate) fn next(&mut self) -> Option<T> {
        if self.is_over {
            return self.waiting.pop_first().map(|it| it.1);
        }
        let next = self.waiting.remove(&self.next)?;
        self.next += 1;
        Some(next)
    }
}
