//! Stops sending when a provider is down, probes, and lets traffic back when it has healed.

use std::collections::VecDeque;
use std::time::Duration;

/// How far back failures count.
const WINDOW: Duration = Duration::from_secs(30);

/// The most calls in the window: where hundreds end every second, an outage must not be hidden by
/// what went well before it.
const MOST_CALLS: usize = 40;

/// The least number of calls in the window that can open the breaker.
const LEAST_CALLS: usize = 20;

/// The least number of failures in a row that can open it: with one call in five failing at random,
/// half of a few dozen fail now and then, but hardly ever five in a row at the same time.
const LEAST_IN_A_ROW: u32 = 5;

/// Where there are few calls, nothing but failures for so long is an outage, too.
const LONG: Duration = Duration::from_secs(5);

/// The first pause before a probe; each failed probe doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause between probes: short, so that a run is soon back after an outage, and still
/// no more than a few hundred wasted calls an hour.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How many probes in a row must go well before traffic returns.
const GOOD_PROBES: u32 = 3;

/// A circuit breaker (Nygard, *Release It!*) over one provider.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Breaker {
    state: State,
    /// When calls ended and whether they broke, in the window, oldest first.
    ended: VecDeque<(Duration, bool)>,
    broken: usize,
    broken_in_a_row: u32,
    /// When the first of those broke.
    broken_since: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Closed,
    Open {
        until: Duration,
        pause: Duration,
        is_probing: bool,
        good: u32,
    },
}

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Everything.
    Open,
    /// One call, to see whether the provider is back.
    Probe,
    /// Nothing until then.
    ShutFor(Duration),
    /// Nothing until the probe under way has ended.
    ShutByProbe,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self {
            state: State::Closed,
            ended: VecDeque::new(),
            broken: 0,
            broken_in_a_row: 0,
            broken_since: Duration::ZERO,
        }
    }

    pub(super) fn gate(&self, now: Duration) -> Gate {
        match self.state {
            State::Closed => Gate::Open,
            State::Open {
                is_probing: true, ..
            } => Gate::ShutByProbe,
            State::Open { until, .. } if until > now => Gate::ShutFor(until - now),
            State::Open { .. } => Gate::Probe,
        }
    }

    /// Returns whether nothing but probes may pass.
    pub(super) fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    /// Takes note that a probe was sent.
    pub(super) fn probe_sent(&mut self) {
        if let State::Open { is_probing, .. } = &mut self.state {
            *is_probing = true;
        }
    }

    /// Takes note that a probe was given up, without a result.
    pub(super) fn probe_lost(&mut self) {
        if let State::Open { is_probing, .. } = &mut self.state {
            *is_probing = false;
        }
    }

    /// Takes note of a call that has ended; returns whether that has just healed the breaker.
    pub(super) fn ended(&mut self, now: Duration, is_broken: bool, was_probe: bool) -> bool {
        match self.state {
            State::Closed => {
                self.count(now, is_broken);
                let n = self.ended.len();
                let is_streak = self.broken_in_a_row >= LEAST_IN_A_ROW;
                let are_half = n >= LEAST_CALLS && self.broken * 2 >= n;
                let is_long = now.saturating_sub(self.broken_since) >= LONG;
                if is_streak && (are_half || is_long) {
                    self.open(now, FIRST_PAUSE);
                }
                false
            }
            // Calls from before the outage was noticed say nothing new.
            State::Open { .. } if !was_probe => false,
            State::Open { pause, .. } if is_broken => {
                self.open(now, (pause * 2).min(LONGEST_PAUSE));
                false
            }
            State::Open { good, .. } if good + 1 >= GOOD_PROBES => {
                *self = Self::new();
                true
            }
            State::Open { good, .. } => {
                self.state = State::Open {
                    until: now,
                    pause: FIRST_PAUSE,
                    is_probing: false,
                    good: good + 1,
                };
                false
            }
        }
    }

    fn open(&mut self, now: Duration, pause: Duration) {
        self.state = State::Open {
            until: now + pause,
            pause,
            is_probing: false,
            good: 0,
        };
    }

    fn count(&mut self, now: Duration, is_broken: bool) {
        self.ended.push_back((now, is_broken));
        self.broken += usize::from(is_broken);
        if is_broken && self.broken_in_a_row == 0 {
            self.broken_since = now;
        }
        self.broken_in_a_row = if is_broken {
            self.broken_in_a_row + 1
        } else {
            0
        };
        while let Some(&(at, was_broken)) = self.ended.front() {
            if at + WINDOW >= now && self.ended.len() <= MOST_CALLS {
                break;
            }
            self.ended.pop_front();
            self.broken -= usize::from(was_broken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::new();
        for _ in 0..LEAST_CALLS {
            breaker.ended(at(0), true, false);
        }
        breaker
    }

    #[test]
    fn it_opens_when_half_of_enough_calls_break_some_of_them_in_a_row() {
        let mut breaker = Breaker::new();
        for n in 0..LEAST_CALLS {
            assert_eq!(breaker.gate(at(0)), Gate::Open, "after {n} calls");
            breaker.ended(at(0), n >= LEAST_CALLS / 2, false);
        }
        assert_eq!(breaker.gate(at(0)), Gate::ShutFor(FIRST_PAUSE));
    }

    #[test]
    fn every_other_call_may_break() {
        let mut breaker = Breaker::new();
        for n in 0..1_000 {
            breaker.ended(at(0), n % 2 == 0, false);
        }
        assert_eq!(breaker.gate(at(0)), Gate::Open);
    }

    #[test]
    fn a_few_calls_open_it_if_nothing_goes_well_for_long() {
        let mut breaker = Breaker::new();
        for n in 0..4 {
            breaker.ended(at(2 * n), true, false);
        }
        assert_eq!(breaker.gate(at(6)), Gate::Open);
        breaker.ended(at(8), true, false);
        assert_eq!(breaker.gate(at(8)), Gate::ShutFor(FIRST_PAUSE));
    }

    #[test]
    fn old_failures_are_forgotten() {
        let mut breaker = Breaker::new();
        for _ in 0..LEAST_CALLS - 1 {
            breaker.ended(at(0), true, false);
        }
        for _ in 0..LEAST_CALLS - 1 {
            breaker.ended(at(40), false, false);
        }
        breaker.ended(at(41), true, false);
        assert_eq!(breaker.gate(at(41)), Gate::Open);
    }

    #[test]
    fn probes_go_one_at_a_time_and_further_apart() {
        let mut breaker = opened();
        let mut now = at(0);
        let mut pauses = Vec::new();
        for _ in 0..5 {
            let Gate::ShutFor(pause) = breaker.gate(now) else {
                panic!("{breaker:?}");
            };
            pauses.push(pause.as_secs());
            now += pause;
            assert_eq!(breaker.gate(now), Gate::Probe);
            breaker.probe_sent();
            assert_eq!(breaker.gate(now), Gate::ShutByProbe);
            breaker.ended(now, true, true);
        }
        assert_eq!(pauses, [2, 4, 8, 15, 15]);
    }

    #[test]
    fn three_good_probes_heal_it_and_stragglers_do_not() {
        let mut breaker = opened();
        let now = at(3);
        assert!(
            !breaker.ended(now, false, false),
            "a straggler heals nothing"
        );
        for n in 1..=GOOD_PROBES {
            assert_eq!(breaker.gate(now), Gate::Probe);
            breaker.probe_sent();
            assert_eq!(breaker.ended(now, false, true), n == GOOD_PROBES);
        }
        assert_eq!(breaker.gate(now), Gate::Open);
    }

    #[test]
    fn a_lost_probe_lets_the_next_one_go() {
        let mut breaker = opened();
        breaker.probe_sent();
        breaker.probe_lost();
        assert_eq!(breaker.gate(at(10)), Gate::Probe);
    }
}
