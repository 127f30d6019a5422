//! What the calls to a provider wait for: for how long whoever was next in turn has waited, by the reason.
//!
//! All calls queue behind the one that is next, so what that waits for, they wait for. A call looks at
//! these clocks when it comes and when it is let go; the difference is what it has waited for. Only whoever
//! holds the turn writes, and everybody reads, without a lock.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use patterns_core::Waits;

use super::Reason;

/// The reason of nobody.
const NONE: u8 = u8::MAX;

/// Clocks that run while whoever is next in turn waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Microseconds for a slot, for a rate, and for the provider.
    spent: [AtomicU64; 3],
    /// Which of them runs.
    running: AtomicU8,
    /// Since when, in microseconds.
    since: AtomicU64,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            spent: Default::default(),
            running: AtomicU8::new(NONE),
            since: AtomicU64::default(),
        }
    }
}

impl Waiting {
    /// Says that a wait begins now, and that the one before it ends.
    pub(super) fn begins(&self, now: Duration, reason: Reason) {
        self.ends(now);
        let clock = match reason {
            Reason::Full => 0,
            Reason::Rate => 1,
            Reason::Asked | Reason::Outage => 2,
        };
        self.since.store(micros(now), Ordering::Relaxed);
        self.running.store(clock, Ordering::Relaxed);
    }

    /// Says that nobody waits any more.
    pub(super) fn ends(&self, now: Duration) {
        let running = self.running.swap(NONE, Ordering::Relaxed);
        if let Some(clock) = self.spent.get(usize::from(running)) {
            let since = self.since.load(Ordering::Relaxed);
            clock.fetch_add(micros(now).saturating_sub(since), Ordering::Relaxed);
        }
    }

    /// Returns what was waited so far, all calls together.
    pub(super) fn until(&self, now: Duration) -> Waits {
        let mut spent = [0; 3];
        for (sum, clock) in spent.iter_mut().zip(&self.spent) {
            *sum = clock.load(Ordering::Relaxed);
        }
        let running = usize::from(self.running.load(Ordering::Relaxed));
        if let Some(sum) = spent.get_mut(running) {
            *sum += micros(now).saturating_sub(self.since.load(Ordering::Relaxed));
        }
        let [slot, rate, paused] = spent.map(Duration::from_micros);
        Waits { slot, rate, paused }
    }

    /// Returns what was waited since the clocks said `before`.
    pub(super) fn since(&self, before: Waits, now: Duration) -> Waits {
        let now = self.until(now);
        Waits {
            slot: now.slot.saturating_sub(before.slot),
            rate: now.rate.saturating_sub(before.rate),
            paused: now.paused.saturating_sub(before.paused),
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_waited_for_what_was_waited_for_while_it_was_there() {
        let ms = Duration::from_millis;
        let waiting = Waiting::default();
        let first = waiting.until(ms(0));
        waiting.begins(ms(0), Reason::Full);
        let second = waiting.until(ms(6));
        waiting.begins(ms(10), Reason::Rate);
        waiting.begins(ms(15), Reason::Rate);
        waiting.ends(ms(30));
        let waits = |slot, rate, paused| Waits {
            slot: ms(slot),
            rate: ms(rate),
            paused: ms(paused),
        };
        assert_eq!(waiting.since(first, ms(30)), waits(10, 20, 0));
        assert_eq!(waiting.since(second, ms(30)), waits(4, 20, 0));
        let third = waiting.until(ms(90));
        waiting.begins(ms(100), Reason::Asked);
        waiting.begins(ms(104), Reason::Outage);
        assert_eq!(waiting.since(third, ms(105)), waits(0, 0, 5), "it goes on");
        waiting.ends(ms(105));
        waiting.ends(ms(200));
        assert_eq!(waiting.since(third, ms(300)), waits(0, 0, 5));
    }
}
