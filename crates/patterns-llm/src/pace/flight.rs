//! Which calls are in flight, and which of them have got stuck.

use std::collections::VecDeque;
use std::time::Duration;

/// A call is stuck after so many times the usual time …
const TIMES_USUAL: f64 = 5.0;

/// … and not before this.
const LEAST: Duration = Duration::from_secs(10);

/// What the latest call weighs in the usual time.
const WEIGHT: f64 = 0.05;

/// The calls in flight. One that got stuck no longer takes up room: the provider does not work on
/// it, and a few of them would otherwise bring everything to a halt until their time is up.
#[derive(Clone, Debug, Default)]
pub(super) struct Flight {
    /// When the calls were sent that take up room, oldest first, with their numbers.
    lively: VecDeque<(u64, Duration)>,
    stuck: usize,
    next: u64,
    usual: Duration,
}

impl Flight {
    /// Takes note of a call that is sent and returns its number.
    pub(super) fn sent(&mut self, now: Duration) -> u64 {
        let number = self.next;
        self.next += 1;
        self.lively.push_back((number, now));
        number
    }

    /// Takes note that a call has ended; `took` is how long, if it was served.
    pub(super) fn ended(&mut self, number: u64, took: Option<Duration>) {
        match self.lively.binary_search_by_key(&number, |it| it.0) {
            Ok(index) => drop(self.lively.remove(index)),
            Err(_) => self.stuck = self.stuck.saturating_sub(1),
        }
        if let Some(took) = took {
            self.usual = if self.usual.is_zero() {
                took
            } else {
                self.usual.mul_f64(1.0 - WEIGHT) + took.mul_f64(WEIGHT)
            };
        }
    }

    /// Returns how many calls take up room, and how long until one of them counts as stuck.
    pub(super) fn lively(&mut self, now: Duration) -> (usize, Option<Duration>) {
        // Before the first answer nobody knows what is usual.
        if self.usual.is_zero() {
            return (self.lively.len(), None);
        }
        let patience = self.usual.mul_f64(TIMES_USUAL).max(LEAST);
        while self.lively.front().is_some_and(|it| it.1 + patience <= now) {
            self.lively.pop_front();
            self.stuck += 1;
        }
        let next = self.lively.front().map(|it| it.1 + patience - now);
        (self.lively.len(), next)
    }

    /// Returns how many calls are in flight, stuck or not.
    pub(super) fn all(&self) -> usize {
        self.lively.len() + self.stuck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_stuck_takes_up_no_room_and_is_still_in_flight() {
        let mut flight = Flight::default();
        let calls: Vec<u64> = (0..4).map(|_| flight.sent(secs(0))).collect();
        assert_eq!(flight.lively(secs(100)), (4, None), "nothing is usual yet");
        flight.ended(calls[1], Some(secs(3)));
        assert_eq!(flight.lively(secs(3)), (3, Some(secs(12))));
        assert_eq!((flight.lively(secs(15)).0, flight.all()), (0, 3));
        let late = flight.sent(secs(15));
        flight.ended(calls[0], None);
        assert_eq!((flight.lively(secs(16)).0, flight.all()), (1, 3));
        flight.ended(late, None);
        assert_eq!((flight.lively(secs(16)).0, flight.all()), (0, 2));
    }
}
