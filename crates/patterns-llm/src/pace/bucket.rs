//! A token bucket: so many units a minute, with a small capacity so that load stays smooth.
//!
//! It holds a second's worth: one and a half cost more 429s in the soak. If a provider complains although its
//! stated limits are kept, it counts by the second; then a bucket holds a twenty-fifth of that.

use std::time::Duration;

/// How many seconds' worth of units a bucket holds. Providers may enforce a minute's limit second
/// by second, so a bucket never holds a minute's worth.
const SECONDS_HELD: f64 = 1.0;

/// The same, once a provider has been found to be strict: what is held and what flows in must
/// together fit into its second.
const STRICT_SECONDS_HELD: f64 = 0.04;

/// The share of a limit that is used. The rest is for clocks that differ and for other programs.
const TARGET: f64 = 0.95;

/// Units that flow in at a steady rate and are taken out in lumps.
///
/// The level may go below zero: a lump larger than the capacity is let through when the bucket is
/// full, and paid off afterwards.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bucket {
    per_second: f64,
    level: f64,
    at: Duration,
    seconds_held: f64,
}

impl Bucket {
    /// Makes a full bucket for a limit of `per_minute` units.
    pub(super) fn new(per_minute: f64, now: Duration) -> Self {
        let mut bucket = Self {
            per_second: 0.0,
            level: 0.0,
            at: now,
            seconds_held: SECONDS_HELD,
        };
        bucket.set_limit(per_minute);
        bucket.level = bucket.capacity();
        bucket
    }

    /// Holds little from now on, so that no short while sees more than its share.
    pub(super) fn be_strict(&mut self) {
        self.seconds_held = STRICT_SECONDS_HELD;
        self.level = self.level.min(self.capacity());
    }

    /// Changes the limit and keeps the level.
    pub(super) fn set_limit(&mut self, per_minute: f64) {
        self.per_second = (per_minute * TARGET / 60.0).max(1e-6);
    }

    /// Changes the limit to one that has its margin already.
    pub(super) fn set_exactly(&mut self, per_minute: f64) {
        self.set_limit(per_minute / TARGET);
    }

    /// Returns the limit in units a minute.
    pub(super) fn limit(&self) -> f64 {
        self.per_second * 60.0 / TARGET
    }

    fn capacity(&self) -> f64 {
        (self.per_second * self.seconds_held).max(1.0)
    }

    fn advance(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.level = (self.level + passed * self.per_second).min(self.capacity());
        self.at = self.at.max(now);
    }

    /// Returns how long until `amount` can be taken; zero if it can be now.
    pub(super) fn wait(&mut self, now: Duration, amount: f64) -> Duration {
        self.advance(now);
        let missing = amount.min(self.capacity()) - self.level;
        if missing <= 1e-9 {
            return Duration::ZERO;
        }
        // Rounded up, so that after the wait the amount is there.
        Duration::from_secs_f64((missing / self.per_second).min(86_400.0))
            + Duration::from_micros(1)
    }

    /// Takes `amount` out.
    pub(super) fn take(&mut self, amount: f64) {
        self.level -= amount;
    }

    /// Puts `amount` back (or, if negative, takes more out) once the real amount is known.
    pub(super) fn refund(&mut self, amount: f64) {
        self.level = (self.level + amount).min(self.capacity());
    }

    /// Believes a provider that says that less is left than is thought here.
    pub(super) fn at_most(&mut self, remaining: f64) {
        self.level = self.level.min(remaining);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_bucket_holds_little_and_refills_at_its_rate() {
        let mut bucket = Bucket::new(600.0, Duration::ZERO);
        let mut sent = 0;
        while bucket.wait(Duration::ZERO, 1.0).is_zero() {
            bucket.take(1.0);
            sent += 1;
        }
        assert_eq!(sent, 9, "95 % of 10 a second, for a second");
        assert!(bucket.wait(Duration::ZERO, 1.0) < secs(0.11));
    }

    #[test]
    fn a_lump_larger_than_the_bucket_passes_when_it_is_full_and_is_paid_off() {
        let mut bucket = Bucket::new(6_000.0, Duration::ZERO);
        assert!(bucket.wait(Duration::ZERO, 50_000.0).is_zero());
        bucket.take(950.0);
        let wait = bucket.wait(Duration::ZERO, 95.0).as_secs_f64();
        assert!((9.9..10.1).contains(&wait), "{wait}");
        bucket.be_strict();
        let wait = bucket.wait(Duration::ZERO, 1.0).as_secs_f64();
        assert!((9.0..9.1).contains(&wait), "{wait}");
    }

    #[test]
    fn refunds_never_overfill() {
        let mut bucket = Bucket::new(60.0, Duration::ZERO);
        bucket.take(1.0);
        bucket.refund(1_000.0);
        bucket.take(1.0);
        assert!(!bucket.wait(Duration::ZERO, 0.1).is_zero());
    }

    proptest! {
        #[test]
        fn never_more_than_the_limit_in_any_minute(
            per_minute in 1.0f64..10_000.0,
            amounts in prop::collection::vec(0.1f64..50.0, 1..200),
        ) {
            let mut bucket = Bucket::new(per_minute, Duration::ZERO);
            let mut now = Duration::ZERO;
            let mut total = 0.0;
            for amount in amounts {
                now += bucket.wait(now, amount);
                prop_assert!(bucket.wait(now, amount).is_zero(), "waiting is enough");
                bucket.take(amount);
                total += amount;
                let allowed = per_minute / 60.0 * (now.as_secs_f64() + SECONDS_HELD) + 1.0 + amount;
                prop_assert!(total <= allowed + 1e-6, "{total} > {allowed}");
            }
        }
    }
}
