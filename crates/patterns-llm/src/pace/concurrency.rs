//! How many calls may be in flight: slow start, additive growth, one cut a round trip.
//!
//! AIMD as in TCP (Jacobson 1988; parameters after Netflix's concurrency-limits): the limit
//! doubles every round trip until the provider first complains, then grows by one a round trip,
//! and only while it is really used.
//!
//! A server of one's own does not complain: it queues, and answers only get slower until they time out.
//! So growth also ends where it no longer pays. By Little's law the calls answered a second are those in
//! flight by the time that each takes ([`Gain`]).

use std::time::Duration;

use super::gain::{Gain, Step};

/// The number of calls in flight to begin with.
const START: f64 = 8.0;

/// What is left of the limit after a throttle or an overload.
const CUT: f64 = 0.7;

/// What is left of it after a time-out.
const GENTLE_CUT: f64 = 0.9;

/// The limit on calls in flight.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Concurrency {
    limit: f64,
    most: f64,
    is_starting: bool,
    epoch: u64,
    /// What more calls in flight have brought; not asked where the user has set their number.
    gain: Option<Gain>,
}

impl Concurrency {
    pub(super) fn new(most: usize, starts_slowly: bool) -> Self {
        let most = most.max(1) as f64;
        Self {
            limit: if starts_slowly { START.min(most) } else { most },
            most,
            is_starting: starts_slowly,
            epoch: 0,
            gain: starts_slowly.then(Gain::default),
        }
    }

    /// Has `most` calls in flight at most from now on, as if that had been said at the beginning: it is
    /// somebody's decision, so it is not approached slowly. Calls that were sent before cut nothing. Returns
    /// whether that is another bound than before.
    pub(super) fn set_most(&mut self, most: usize) -> bool {
        let is_other = self.most() != most;
        if is_other {
            let epoch = self.epoch + 1;
            *self = Self {
                epoch,
                ..Self::new(most, false)
            };
        }
        is_other
    }

    /// Returns the most calls in flight that the user allows.
    pub(super) fn most(&self) -> usize {
        self.most as usize
    }

    /// Returns the most calls that may be in flight.
    pub(super) fn limit(&self) -> usize {
        self.limit as usize
    }

    /// Returns the number of cuts so far; a call remembers it when it is sent.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Takes note of how long a call took that was sent as one of `load` in flight.
    pub(super) fn served(&mut self, load: usize, took: Duration) {
        if let Some(Step::Back(limit)) = self.gain.as_mut().and_then(|it| it.served(load, took)) {
            self.limit = self.limit.min(limit.max(1.0));
            self.is_starting = false;
        }
    }

    /// Takes note of a call that went well while `in_flight` were under way.
    pub(super) fn grow(&mut self, in_flight: usize) {
        // A limit that is not used says nothing about a higher one.
        if (in_flight as f64) < self.limit / 2.0 || self.gain.as_ref().is_some_and(Gain::is_held) {
            return;
        }
        let step = if self.is_starting {
            1.0
        } else {
            1.0 / self.limit
        };
        self.limit = (self.limit + step).min(self.most);
    }

    /// Takes note of a throttle or overload of a call that was sent in `epoch`. Calls sent before
    /// the last cut complain about the time before it, so they cut nothing.
    pub(super) fn cut(&mut self, epoch: u64) {
        if epoch < self.epoch {
            return;
        }
        self.limit = (self.limit * CUT).max(1.0);
        self.is_starting = false;
        self.epoch += 1;
    }

    /// Takes note of a call that timed out: a weaker sign of overload than a complaint.
    pub(super) fn cut_gently(&mut self, epoch: u64) {
        if epoch == self.epoch {
            self.limit = (self.limit * GENTLE_CUT).max(1.0);
            self.is_starting = false;
            self.epoch += 1;
        }
    }

    /// Ends slow start and the round trip without a cut, because a rate limit binds first: fewer
    /// calls in flight would only leave some of the allowed rate unused.
    pub(super) fn end_round(&mut self) {
        self.is_starting = false;
        self.epoch += 1;
    }

    /// Goes on with slow start, which had been ended for no good reason.
    pub(super) fn start_again(&mut self) {
        self.is_starting = true;
    }

    /// Begins anew after an outage.
    pub(super) fn restart(&mut self) {
        self.limit = START.min(self.most);
        self.is_starting = true;
        self.epoch += 1;
        self.gain = self.gain.as_ref().map(|_| Gain::default());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slow_start_doubles_a_round_trip() {
        let mut concurrency = Concurrency::new(1_000, true);
        for expected in [16, 32, 64] {
            for _ in 0..concurrency.limit() {
                concurrency.grow(concurrency.limit());
            }
            assert_eq!(concurrency.limit(), expected);
        }
    }

    #[test]
    fn a_burst_of_complaints_cuts_once() {
        let mut concurrency = Concurrency::new(100, true);
        for _ in 0..92 {
            concurrency.grow(100);
        }
        let epoch = concurrency.epoch();
        for _ in 0..50 {
            concurrency.cut(epoch);
        }
        assert_eq!(concurrency.limit(), 70);
        concurrency.cut(concurrency.epoch());
        assert_eq!(concurrency.limit(), 49);
    }

    #[test]
    fn after_a_cut_growth_is_one_a_round_trip() {
        let mut concurrency = Concurrency::new(1_000, true);
        concurrency.cut(0);
        let before = concurrency.limit();
        for _ in 0..before {
            concurrency.grow(before);
        }
        assert!(concurrency.limit() <= before + 1);
    }

    #[test]
    fn a_bound_that_is_set_later_holds_at_once_and_can_be_cut() {
        let mut concurrency = Concurrency::new(256, true);
        let before = concurrency.epoch();
        for most in [50, 3, 1_000] {
            assert!(concurrency.set_most(most));
            assert_eq!(concurrency.limit(), most);
        }
        concurrency.cut(before);
        assert_eq!(
            concurrency.limit(),
            1_000,
            "what was sent before says nothing"
        );
        concurrency.cut(concurrency.epoch());
        assert!(!concurrency.set_most(1_000), "that is no news");
        assert_eq!(concurrency.limit(), 700);
    }

    #[test]
    fn an_unused_limit_does_not_grow() {
        let mut concurrency = Concurrency::new(1_000, true);
        for _ in 0..100 {
            concurrency.grow(1);
        }
        assert_eq!(concurrency.limit(), 8);
    }

    proptest! {
        #[test]
        fn the_limit_stays_between_one_and_the_most(
            most in 1usize..300,
            steps in prop::collection::vec((any::<bool>(), 0usize..400), 0..300),
        ) {
            let mut concurrency = Concurrency::new(most, true);
            for (grows, in_flight) in steps {
                if grows {
                    concurrency.grow(in_flight);
                } else {
                    concurrency.cut(concurrency.epoch());
                }
                prop_assert!((1..=most).contains(&concurrency.limit()));
            }
        }
    }
}
