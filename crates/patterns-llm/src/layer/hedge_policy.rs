//! Decides, without clock or runtime of its own, when a call is worth sending a second time.

use std::collections::VecDeque;
use std::time::Duration;

/// When a slow call is sent a second time, so that a straggler does not hold up a run.
///
/// Source: Dean and Barroso, "The Tail at Scale", CACM 2013: the second request waits until the
/// first has taken longer than most do, which bounds the extra load and still cuts the tail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HedgePolicy {
    /// A call is slow once it has taken longer than this share of the latest calls, 0 to 1.
    pub quantile: f64,
    /// At most so many second tries for each call that ends, 0 to 1.
    pub extra: f64,
}

impl Default for HedgePolicy {
    fn default() -> Self {
        Self {
            quantile: 0.95,
            extra: 0.05,
        }
    }
}

/// So many calls must have ended before any is called slow.
const LEAST_SAMPLES: usize = 20;

/// So many of the latest calls say what is usual.
const SAMPLES: usize = 128;

/// The most second tries that can be saved up: when a run ends, all that is left is slow, and there
/// is room for it.
const MOST_SAVED: f64 = 100.0;

/// What is usual, and how many second tries may still be made.
#[derive(Clone, Debug)]
pub(super) struct Hedger {
    policy: HedgePolicy,
    /// The times of the latest calls, in order of their ends and of their lengths.
    latest: VecDeque<Duration>,
    sorted: Vec<Duration>,
    saved: f64,
}

impl Hedger {
    pub(super) fn new(policy: HedgePolicy) -> Self {
        Self {
            policy,
            latest: VecDeque::with_capacity(SAMPLES),
            sorted: Vec::with_capacity(SAMPLES),
            saved: 0.0,
        }
    }

    /// Takes note of a call that was answered after so long. Where a second try came first, that is
    /// less than the first one would have taken, so slow calls count as slow, if not how slow.
    pub(super) fn answered(&mut self, took: Duration) {
        if self.latest.len() == SAMPLES
            && let Some(oldest) = self.latest.pop_front()
            && let Ok(index) = self.sorted.binary_search(&oldest)
        {
            self.sorted.remove(index);
        }
        let index = self.sorted.partition_point(|it| *it < took);
        self.sorted.insert(index, took);
        self.latest.push_back(took);
        self.saved = (self.saved + self.policy.extra).min(MOST_SAVED);
    }

    /// Returns after how long a call is slow; `None` as long as nobody knows.
    pub(super) fn slow_after(&self) -> Option<Duration> {
        if self.sorted.len() < LEAST_SAMPLES {
            return None;
        }
        let rank = (self.policy.quantile.clamp(0.0, 1.0) * self.sorted.len() as f64) as usize;
        self.sorted.get(rank.min(self.sorted.len() - 1)).copied()
    }

    /// Pays for a second try; returns whether there was enough.
    pub(super) fn pay(&mut self) -> bool {
        let has_enough = self.saved >= 1.0;
        if has_enough {
            self.saved -= 1.0;
        }
        has_enough
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hedger(times: impl IntoIterator<Item = u64>) -> Hedger {
        let mut hedger = Hedger::new(HedgePolicy::default());
        for millis in times {
            hedger.answered(Duration::from_millis(millis));
        }
        hedger
    }

    #[test]
    fn nothing_is_slow_before_enough_is_known() {
        assert_eq!(hedger(1..20).slow_after(), None);
        assert_eq!(hedger(1..21).slow_after(), Some(Duration::from_millis(20)));
    }

    #[test]
    fn slow_is_slower_than_nineteen_of_twenty() {
        let slow = hedger((1..=100).rev()).slow_after();
        assert_eq!(slow, Some(Duration::from_millis(96)));
    }

    #[test]
    fn only_the_latest_calls_count() {
        let slow = hedger((0..500).chain(std::iter::repeat_n(7, SAMPLES))).slow_after();
        assert_eq!(slow, Some(Duration::from_millis(7)));
    }

    proptest! {
        #[test]
        fn second_tries_stay_within_their_share(pays in proptest::collection::vec(any::<bool>(), 0..2_000)) {
            let mut hedger = Hedger::new(HedgePolicy::default());
            let mut paid = 0;
            for (ended, wants) in pays.iter().enumerate() {
                hedger.answered(Duration::from_millis(1));
                paid += u32::from(*wants && hedger.pay());
                prop_assert!(f64::from(paid) <= 0.05 * (ended + 1) as f64 + 1e-9);
            }
        }

        #[test]
        fn the_two_orders_hold_the_same(times in proptest::collection::vec(0_u64..50, 0..400)) {
            let hedger = hedger(times);
            let mut latest: Vec<Duration> = hedger.latest.iter().copied().collect();
            latest.sort();
            prop_assert_eq!(latest, hedger.sorted);
        }
    }
}
