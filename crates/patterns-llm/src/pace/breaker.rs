//! Stops sending when a provider is down, probes, and lets traffic back when it has healed.
//!
//! A provider is down if *several different* calls fail and none that was sent meanwhile is answered. One
//! call that always fails, however often it is tried, says something about itself only: its document may
//! be what the provider cannot digest. Nor does a call count that has failed while a call sent later was
//! answered; so a few such documents left over at the end of a run, when nobody else is asking any
//! more, are not taken for an outage either. Since waiting calls queue, the next probe is always
//! another call's than the one that failed, if there is another one. What never reached the provider is
//! nobody's document's fault, so there a single call is enough.

use std::collections::{HashMap, VecDeque};
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

/// The least number of different calls that fail.
const LEAST_DIFFERENT: usize = 3;

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
    /// How many of those in a row did not reach the provider at all.
    unreached_in_a_row: u32,
    /// The calls that have failed and are not answered or given up yet, and when the first failed attempt
    /// of each was sent.
    failing: HashMap<u64, Duration>,
    /// When the latest of the calls was sent that were answered.
    good_sent_at: Option<Duration>,
}

/// An attempt that has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) call: u64,
    pub(super) sent_at: Duration,
    pub(super) is_broken: bool,
    /// Whether no connection could be made.
    pub(super) is_unreached: bool,
    pub(super) was_probe: bool,
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
            unreached_in_a_row: 0,
            failing: HashMap::new(),
            good_sent_at: None,
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

    /// Returns how long ago the latest of the calls was sent that were answered.
    pub(super) fn good_sent(&self, now: Duration) -> Option<Duration> {
        self.good_sent_at.map(|at| now.saturating_sub(at))
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

    /// Takes note of an attempt that has ended; returns whether that has just healed the breaker.
    pub(super) fn ended(&mut self, now: Duration, ended: Ended) -> bool {
        self.remember(ended);
        let is_broken = ended.is_broken;
        match self.state {
            State::Closed => {
                self.count(now, is_broken);
                if self.is_outage(now) {
                    self.open(now, FIRST_PAUSE);
                }
                false
            }
            // A call from before the outage was noticed says something new only if it was sent after those
            // that failed, and is answered.
            State::Open { .. } if !ended.was_probe => {
                let is_late = self.unreached_in_a_row == 0 && self.different() < LEAST_DIFFERENT;
                let is_mistaken = !is_broken && is_late;
                if is_mistaken {
                    self.heal();
                }
                is_mistaken
            }
            State::Open { pause, .. } if is_broken => {
                self.open(now, (pause * 2).min(LONGEST_PAUSE));
                false
            }
            State::Open { good, .. } if good + 1 >= GOOD_PROBES => {
                self.heal();
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

    /// Takes note that a call is not tried any more. Once all that failed are given up, nothing is known
    /// against the provider, and the next call finds out at once.
    pub(super) fn gave_up(&mut self, now: Duration, call: u64) {
        self.failing.remove(&call);
        if let State::Open { until, pause, .. } = &mut self.state
            && self.failing.is_empty()
        {
            *until = now.min(*until);
            *pause = FIRST_PAUSE;
        }
    }

    fn heal(&mut self) {
        *self = Self {
            failing: std::mem::take(&mut self.failing),
            good_sent_at: self.good_sent_at,
            ..Self::new()
        };
    }

    fn remember(&mut self, ended: Ended) {
        self.unreached_in_a_row = match (ended.is_broken, ended.is_unreached) {
            (true, true) => self.unreached_in_a_row + 1,
            // Stragglers from before the trouble say nothing about it.
            (false, _) if self.is_open() && !ended.was_probe => self.unreached_in_a_row,
            _ => 0,
        };
        if ended.is_broken {
            self.failing.entry(ended.call).or_insert(ended.sent_at);
        } else {
            self.failing.remove(&ended.call);
            self.good_sent_at = self.good_sent_at.max(Some(ended.sent_at));
        }
    }

    fn is_outage(&self, now: Duration) -> bool {
        let n = self.ended.len();
        let is_streak = self.broken_in_a_row >= LEAST_IN_A_ROW;
        let are_half = n >= LEAST_CALLS && self.broken * 2 >= n;
        let is_long = now.saturating_sub(self.broken_since) >= LONG;
        let are_unreached = self.unreached_in_a_row >= LEAST_IN_A_ROW;
        let are_different = are_unreached || self.different() >= LEAST_DIFFERENT;
        is_streak && (are_half || is_long) && are_different
    }

    /// Returns how many calls fail of which none was sent before one that was answered.
    fn different(&self) -> usize {
        let since = self.failing.values().map(|&at| Some(at));
        since.filter(|&at| at >= self.good_sent_at).count()
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
mod tests;
