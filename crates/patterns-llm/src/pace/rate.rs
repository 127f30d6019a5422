//! Infers a rate limit that nobody states, from what gets through.
//!
//! When a provider first says "too fast", the calls of the last second that it did take are the best
//! estimate of what it allows. From then on the limit follows CUBIC (Ha, Rhee, Xu 2008; RFC 9438):
//! after a complaint it falls, comes back quickly to just below where the complaint was, stays there
//! for a while, and then probes beyond, ever faster. So nearly all of the allowance is used and few
//! calls are thrown back.

use std::collections::VecDeque;
use std::time::Duration;

use super::bucket::Bucket;

/// How far back accepted calls are counted: providers may enforce a limit second by second.
const WINDOW: Duration = Duration::from_secs(1);

/// Where the limit stays after a complaint, as a share of where it was.
const PLATEAU: f64 = 0.97;

/// How far the limit falls.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cut {
    /// After a complaint.
    Shallow,
    /// When complaints go on.
    Deep,
}

impl Cut {
    fn share(self) -> f64 {
        match self {
            Self::Shallow => 0.9,
            Self::Deep => 0.7,
        }
    }
}

/// How long it takes to come back to the plateau.
const RETURN: f64 = 6.0;

/// Growth beyond the plateau: this share after twice [`RETURN`], eight times that after thrice …
const GROWTH: f64 = 0.01;

/// The least limit, in requests a minute.
const LEAST: f64 = 3.0;

/// A limit on requests a minute that is learnt from complaints.
#[derive(Clone, Debug, Default)]
pub(super) struct InferredRate {
    /// When the calls of the last second were sent that were not thrown back so far.
    accepted: VecDeque<Duration>,
    curve: Option<Curve>,
}

#[derive(Clone, Debug)]
struct Curve {
    bucket: Bucket,
    /// The limit at the last complaint, in requests a minute.
    ceiling: f64,
    /// Where it fell to then, as a share of that.
    cut: f64,
    complained_at: Duration,
}

impl InferredRate {
    /// Takes note that a call was sent.
    pub(super) fn sent(&mut self, now: Duration) {
        while self.accepted.front().is_some_and(|&at| at + WINDOW < now) {
            self.accepted.pop_front();
        }
        self.accepted.push_back(now);
        if let Some(curve) = &mut self.curve {
            curve.bucket.take(1.0);
        }
    }

    /// Takes note that the call sent at `sent_at` was thrown back.
    pub(super) fn thrown_back(&mut self, sent_at: Duration) {
        if let Ok(index) = self.accepted.binary_search(&sent_at) {
            self.accepted.remove(index);
        }
    }

    /// Lowers the limit after a complaint; returns whether there is enough to go by.
    pub(super) fn complain(&mut self, now: Duration, cut: Cut) -> bool {
        let accepted = self.rate(now);
        let ceiling = match &self.curve {
            None if accepted < 3.0 => return false,
            None => accepted * 60.0,
            Some(curve) => curve.limit(now),
        };
        let cut = cut.share();
        let ceiling = ceiling.max(LEAST);
        let mut bucket = Bucket::new(ceiling * cut, now);
        // What a full bucket would let through at once is what was just refused.
        bucket.be_strict();
        bucket.at_most(0.0);
        self.curve = Some(Curve {
            bucket,
            ceiling,
            cut,
            complained_at: now,
        });
        true
    }

    /// Returns how many calls a second were sent of late and not thrown back.
    pub(super) fn rate(&self, now: Duration) -> f64 {
        let since = now.saturating_sub(WINDOW);
        let first = self.accepted.partition_point(|&at| at < since);
        (self.accepted.len() - first) as f64 / WINDOW.as_secs_f64()
    }

    /// Forgets the limit, since the complaints that it was learnt from meant nothing; returns
    /// whether there was one.
    pub(super) fn forget(&mut self) -> bool {
        self.curve.take().is_some()
    }

    /// Returns how long the next call has to wait.
    pub(super) fn wait(&mut self, now: Duration) -> Duration {
        let Some(curve) = &mut self.curve else {
            return Duration::ZERO;
        };
        // The bucket keeps a margin of its own below its limit; the curve has one already.
        let limit = curve.limit(now);
        curve.bucket.set_exactly(limit);
        curve.bucket.wait(now, 1.0)
    }

    /// Returns the inferred limit in requests a minute.
    pub(super) fn limit(&self, now: Duration) -> Option<f64> {
        self.curve.as_ref().map(|curve| curve.limit(now))
    }
}

impl Curve {
    fn limit(&self, now: Duration) -> f64 {
        let passed = now.saturating_sub(self.complained_at).as_secs_f64();
        let x = (passed - RETURN) / RETURN;
        let share = if x < 0.0 {
            PLATEAU + (PLATEAU - self.cut) * x.powi(3)
        } else {
            PLATEAU + GROWTH * x.powi(3)
        };
        (self.ceiling * share).max(LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    /// Returns a rate that has sent `per_second` calls a second for two seconds.
    fn after(per_second: u64) -> InferredRate {
        let mut rate = InferredRate::default();
        for n in 0..2 * per_second {
            rate.sent(millis(n * 1_000 / per_second));
        }
        rate
    }

    #[test]
    fn nothing_is_inferred_from_silence() {
        let mut rate = InferredRate::default();
        assert!(!rate.complain(millis(10), Cut::Shallow));
        assert!(rate.wait(millis(10)).is_zero());
    }

    #[test]
    fn what_was_accepted_in_the_last_second_is_the_limit() {
        let mut rate = after(100);
        for n in 160..200 {
            rate.thrown_back(millis(n * 10));
        }
        assert!(rate.complain(millis(2_000), Cut::Shallow));
        let limit = |rate: &InferredRate, at| rate.limit(millis(at)).unwrap();
        assert_eq!(limit(&rate, 2_000), 60.0 * 60.0 * 0.9);
        let plateau = limit(&rate, 8_000);
        assert!((plateau - 60.0 * 60.0 * PLATEAU).abs() < 1.0, "{plateau}");
        let probing = limit(&rate, 20_000) / plateau;
        assert!((1.05..1.10).contains(&probing), "{probing}");
    }

    #[test]
    fn complaints_that_go_on_cut_deep() {
        let mut rate = after(100);
        rate.complain(millis(2_000), Cut::Shallow);
        for n in 1..10 {
            rate.complain(millis(2_000 + n * 100), Cut::Deep);
        }
        assert!(rate.limit(millis(3_000)).unwrap() < 600.0);
        for n in 10..100 {
            rate.complain(millis(2_000 + n * 100), Cut::Deep);
        }
        assert_eq!(rate.limit(millis(12_000)), Some(LEAST));
    }

    #[test]
    fn calls_are_spread_evenly() {
        let mut rate = after(100);
        rate.complain(millis(2_000), Cut::Shallow);
        let mut now = millis(10_000);
        let mut sent = 0;
        while now < millis(11_000) {
            now += rate.wait(now);
            rate.sent(now);
            sent += 1;
        }
        assert!((94..=106).contains(&sent), "{sent}");
    }
}
