//! Tells complaints that mean "slow down" from those that come whatever is done.
//!
//! A limit that was crossed stops being crossed when less is sent, so between two complaints about
//! it there is a quiet while. A provider that throws back one call in fifty at random is never
//! quiet; slowing down for each of those would end in a crawl (Mathis et al. 1997 show it for TCP).
//! As BBR does with round-trip times, the *minimum* share of complaints over the last few whiles is
//! taken for noise.

use std::collections::VecDeque;
use std::time::Duration;

/// A while ends after so many calls …
const CALLS: u32 = 150;

/// … or after this time.
const TIME: Duration = Duration::from_secs(5);

/// The fewest calls that tell anything.
const FEWEST: u32 = 25;

/// How many whiles are looked back on.
const WHILES: usize = 5;

/// The share of calls that were complained about, now and in the quietest of the last whiles.
#[derive(Clone, Debug, Default)]
pub(super) struct Complaints {
    now: While,
    past: VecDeque<While>,
    began: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
struct While {
    calls: u32,
    complaints: u32,
}

impl While {
    fn share(self) -> f64 {
        f64::from(self.complaints) / f64::from(self.calls.max(1))
    }
}

impl Complaints {
    /// Takes note of a call that has ended; returns whether it ended in a complaint that means
    /// something.
    pub(super) fn ended(&mut self, now: Duration, is_complaint: bool) -> bool {
        self.now.calls += 1;
        self.now.complaints += u32::from(is_complaint);
        let is_signal = is_complaint && self.recent_share() > 2.0 * self.noise();
        let is_over = self.now.calls >= CALLS || now.saturating_sub(self.began) >= TIME;
        if is_over {
            self.began = now;
            let ended = std::mem::take(&mut self.now);
            if ended.calls >= FEWEST {
                self.past.push_back(ended);
            }
            if self.past.len() > WHILES {
                self.past.pop_front();
            }
        }
        is_signal
    }

    /// Forgets everything, as after an outage.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Returns the share that comes whatever is done. Fewer whiles do not tell: while a limit is
    /// being found there are complaints in a row, too.
    fn noise(&self) -> f64 {
        if self.past.len() < WHILES {
            return 0.0;
        }
        let shares = self.past.iter().map(|it| it.share());
        shares.fold(f64::INFINITY, f64::min)
    }

    fn recent_share(&self) -> f64 {
        let last = self.past.back().copied().unwrap_or_default();
        let both = While {
            calls: last.calls + self.now.calls,
            complaints: last.complaints + self.now.complaints,
        };
        both.share()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays so many calls, `every` n-th of which is complained about; counts the signals.
    fn play(complaints: &mut Complaints, calls: u32, every: u32) -> u32 {
        let signals = (1..=calls).map(|n| {
            let is_complaint = n % every == 0;
            u32::from(complaints.ended(Duration::ZERO, is_complaint))
        });
        signals.sum()
    }

    #[test]
    fn the_first_complaints_count() {
        assert_eq!(play(&mut Complaints::default(), 300, 100), 3);
    }

    #[test]
    fn complaints_that_never_pause_are_noise() {
        let mut complaints = Complaints::default();
        play(&mut complaints, 1_200, 50);
        assert_eq!(play(&mut complaints, 3_000, 50), 0);
        let more = play(&mut complaints, 300, 4);
        assert!(more > 40, "many more than usual are no noise: {more}");
    }

    #[test]
    fn complaints_after_a_quiet_while_count() {
        let mut complaints = Complaints::default();
        play(&mut complaints, 1_200, 50);
        play(&mut complaints, 300, 301);
        assert_eq!(play(&mut complaints, 200, 100), 2);
    }
}
