//! The pacer itself: asks every limit, admits or defers, and learns from how calls end.

use std::time::Duration;

use patterns_core::ModelErrorKind;

use super::admission::{Admission, Demand, Pace, PacerState, Permit, Reason, Verdict};
use super::allowance::Allowance;
use super::breaker::{Breaker, Ended, Gate};
use super::complaints::Complaints;
use super::concurrency::Concurrency;
use super::faulty::Faulty;
use super::flight::Flight;
use super::limits::RateLimits;
use super::rate::{Cut, InferredRate};
use super::retry_tokens::RetryTokens;

/// A hint of this length or more always holds back the whole pool.
const LONG_HINT: Duration = Duration::from_secs(5);

/// With more than this share of late, overloads are about our load.
const OVERLOADED: f64 = 0.05;

/// With more than this share of late, time-outs are.
const STUCK: f64 = 0.1;

/// How long nothing is sent after a complaint without a hint; it doubles while they go on.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// So long after a complaint, all is calm again.
const CALM: Duration = Duration::from_secs(10);

/// After so many complaints in a row, pausing alone has not helped.
const MANY_COMPLAINTS: u32 = 4;

/// Decides when calls to one (provider, model, key) may be sent.
#[derive(Clone, Debug)]
pub struct Pacer {
    pace: Pace,
    flight: Flight,
    concurrency: Concurrency,
    breaker: Breaker,
    complaints: Complaints,
    overloads: Complaints,
    timeouts: Complaints,
    allowance: Allowance,
    inferred: InferredRate,
    blocked_until: Duration,
    /// Until when nothing is sent after a complaint, and how many complaints there were in a row.
    paused_until: Duration,
    complaints_in_a_row: u32,
    complaining_since: Duration,
    /// When a call was last thrown back, for whatever reason.
    complained_at: Option<Duration>,
    has_replied: bool,
    served: u64,
    faulty: Faulty,
    /// Since when calls are thrown back and none is answered.
    throttled_since: Option<Duration>,
    /// Since when, and how, the provider has been down.
    outage: Option<(Duration, ModelErrorKind)>,
    closed: Option<ModelErrorKind>,
    retry_tokens: RetryTokens,
}

impl Pacer {
    /// Makes a pacer that knows nothing yet.
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            flight: Flight::default(),
            concurrency: Concurrency::new(pace.max_in_flight, pace.starts_slowly),
            breaker: Breaker::new(),
            complaints: Complaints::new(),
            overloads: Complaints::new(),
            timeouts: Complaints::new(),
            allowance: Allowance::new(pace),
            inferred: InferredRate::default(),
            blocked_until: Duration::ZERO,
            paused_until: Duration::ZERO,
            complaints_in_a_row: 0,
            complaining_since: Duration::ZERO,
            complained_at: None,
            has_replied: false,
            served: 0,
            faulty: Faulty::default(),
            throttled_since: None,
            outage: None,
            closed: None,
            retry_tokens: RetryTokens::new(),
        }
    }

    /// Asks whether a call may be sent now.
    pub fn ask(&mut self, now: Duration, demand: Demand) -> Admission {
        if let Some(kind) = self.closed {
            return Admission::Closed(kind);
        }
        if self.blocked_until > now {
            let wait = self.blocked_until - now;
            if wait > self.pace.max_block {
                let retry_after = Some(wait);
                return Admission::Closed(ModelErrorKind::RateLimited { retry_after });
            }
            return Admission::Wait(wait, Reason::Asked);
        }
        if self.is_throttled_for_good(now) {
            return Admission::Closed(ModelErrorKind::RateLimited { retry_after: None });
        }
        let is_probe = match (self.breaker.gate(now), self.hopeless(now)) {
            (Gate::Open, _) => false,
            // Even after a hopeless outage somebody has to find out that it is over.
            (Gate::Probe, _) => true,
            (_, Some(kind)) => return Admission::Closed(kind),
            (Gate::ShutFor(wait), None) => return Admission::Wait(wait, Reason::Outage),
            (Gate::ShutByProbe, None) => return Admission::Full,
        };
        let (lively, until_stuck) = self.flight.lively(now);
        // Those that got stuck make room for others, but not beyond what the user allows.
        if self.flight.all() >= self.concurrency.most() {
            return Admission::Full;
        }
        if lively >= self.concurrency.limit() && !is_probe {
            return match until_stuck {
                Some(wait) => Admission::Wait(wait, Reason::Full),
                None => Admission::Full,
            };
        }
        let wait = self.wait(now, self.allowance.corrected(demand));
        if !wait.is_zero() {
            return Admission::Wait(wait, Reason::Rate);
        }
        self.admit(now, demand, is_probe)
    }

    /// Has `most` calls in flight at most from now on; returns whether that is another bound than before.
    pub fn set_most(&mut self, most: usize) -> bool {
        self.concurrency.set_most(most)
    }

    /// Returns whether the provider has had no reason to complain for a while, so that it can be asked
    /// for more than is needed.
    pub fn is_calm(&self, now: Duration) -> bool {
        let is_long_ago = |at: Duration| now.saturating_sub(at) >= CALM;
        !self.breaker.is_open() && self.complained_at.is_none_or(is_long_ago)
    }

    /// Asks whether a failed call may be tried again now, or else when to ask again. Tries beyond
    /// the first few hundred are paid for by calls that go well, and by time: where everything
    /// fails, this slows the retries down to one a second, and drops none.
    pub fn ask_retry(&mut self, now: Duration) -> Option<Duration> {
        self.retry_tokens.pay(now)
    }

    /// Takes over what a reply says of the provider's limits.
    pub fn learn(&mut self, now: Duration, limits: &RateLimits) {
        self.allowance.learn(now, limits);
    }

    /// Learns how a call ended; `jitter` is a random number from 0 to 1.
    pub fn ended(&mut self, now: Duration, permit: Permit, verdict: Verdict, jitter: f64) {
        self.served += u64::from(verdict.is_served());
        let verdict = match verdict {
            // For the pace, a call that the provider had an opinion on is a call that went well.
            Verdict::Rejected => Verdict::Served(None),
            verdict => verdict,
        };
        let is_throttle = matches!(verdict, Verdict::Throttled(_));
        let is_overload = matches!(verdict, Verdict::Overloaded(_));
        if is_throttle || is_overload {
            self.complained_at = Some(now);
        }
        let (lively, _) = self.flight.lively(now);
        let load = lively as f64;
        let took = now.saturating_sub(permit.sent_at);
        // Until a call gets through that was sent after the first complaint, all of them count.
        let slow_down =
            self.complaints.ended(permit.rate, is_throttle) || self.complaints_in_a_row > 0;
        self.overloads.ended(load, is_overload);
        self.timeouts.ended(load, verdict == Verdict::TimedOut);
        self.has_replied |= verdict.is_sign_of_life();
        match verdict {
            Verdict::Served(used) => {
                self.throttled_since = None;
                self.retry_tokens.earn();
                self.concurrency.served(permit.load, took);
                self.concurrency.grow(lively);
                if permit.sent_at >= self.complaining_since {
                    self.complaints_in_a_row = 0;
                }
                if let Some(used) = used {
                    self.allowance.settle(permit.estimate, permit.demand, used);
                }
            }
            Verdict::Throttled(hint) => {
                self.thrown_back(now, &permit, hint, slow_down);
                // A short hint on what is mere noise holds back its own call only.
                if slow_down || hint >= Some(LONG_HINT) {
                    self.block(now, hint, jitter);
                }
            }
            Verdict::Overloaded(hint) if self.overloads.share() > OVERLOADED => {
                self.concurrency.cut(permit.epoch);
                self.block(now, hint, jitter);
            }
            // A few calls that get stuck say nothing about the load.
            Verdict::TimedOut if self.timeouts.share() > STUCK => {
                self.concurrency.cut_gently(permit.epoch);
            }
            // A single one may be chance: what was cut for that may come back fast.
            Verdict::Overloaded(_) => self.concurrency.start_again(),
            Verdict::Fatal(kind) => self.closed = Some(kind),
            Verdict::Rejected
            | Verdict::TimedOut
            | Verdict::Broken(_)
            | Verdict::Faulty(_)
            | Verdict::Abandoned => {}
        }
        self.judge(now, &permit, verdict);
        self.flight
            .ended(permit.number, verdict.is_served().then_some(took));
    }

    /// Returns how the pacer stands.
    pub fn state(&self, now: Duration) -> PacerState {
        let stated = self.allowance.requests_per_minute();
        let inferred = self.inferred.limit(now);
        PacerState {
            in_flight: self.flight.all(),
            limit: self.concurrency.limit(),
            requests_per_minute: match (stated, inferred) {
                (Some(stated), Some(inferred)) => Some(stated.min(inferred)),
                (stated, inferred) => stated.or(inferred),
            },
            tokens_per_minute: self.allowance.tokens_per_minute(),
            is_outage: self.breaker.is_open(),
            has_replied: self.has_replied,
            served: self.served,
            good_sent: self.breaker.good_sent(now),
            faulty_for: match self.served {
                0 => self.faulty.lasted(),
                _ => Duration::ZERO,
            },
            is_closed: self.closed.is_some(),
            blocked_for: self.blocked_until.saturating_sub(now),
        }
    }

    /// Takes note that a call is not tried any more.
    pub fn gave_up(&mut self, now: Duration, call: u64) {
        self.breaker.gave_up(now, call);
    }

    /// Returns since when the provider has been down, how, and for how long it will be waited for.
    pub fn outage(&self, now: Duration) -> Option<(ModelErrorKind, Duration)> {
        let (since, kind) = self.outage.filter(|_| self.breaker.is_open())?;
        let patience = self.pace.patience(self.has_replied, self.served);
        Some((kind, patience.saturating_sub(now.saturating_sub(since))))
    }

    /// Returns whether a provider has thrown back everything for as long as an outage may last. Once a
    /// while has passed, somebody has to find out whether that is over.
    fn is_throttled_for_good(&self, now: Duration) -> bool {
        let is_long = |since| now.saturating_sub(since) > self.pace.max_outage;
        let is_recent = |at| now.saturating_sub(at) <= 2 * LONGEST_PAUSE;
        self.throttled_since.is_some_and(is_long) && self.complained_at.is_some_and(is_recent)
    }

    /// Returns how calls end whose provider has been down for too long.
    fn hopeless(&self, now: Duration) -> Option<ModelErrorKind> {
        let (kind, left) = self.outage(now)?;
        left.is_zero().then_some(kind)
    }

    fn admit(&mut self, now: Duration, estimate: Demand, is_probe: bool) -> Admission {
        let demand = self.allowance.corrected(estimate);
        self.inferred.sent(now);
        self.allowance.take(demand);
        let number = self.flight.sent(now);
        let load = self.flight.all();
        if is_probe {
            self.breaker.probe_sent();
        }
        Admission::Go(Permit {
            number,
            estimate,
            demand,
            epoch: self.concurrency.epoch(),
            sent_at: now,
            rate: self.inferred.rate(now),
            load,
            is_probe,
        })
    }

    fn wait(&mut self, now: Duration, demand: Demand) -> Duration {
        self.inferred
            .wait(now)
            .max(self.paused_until.saturating_sub(now))
            .max(self.allowance.wait(now, demand))
    }

    fn thrown_back(
        &mut self,
        now: Duration,
        permit: &Permit,
        hint: Option<Duration>,
        slow_down: bool,
    ) {
        self.throttled_since.get_or_insert(now);
        self.inferred.thrown_back(permit.sent_at);
        if slow_down {
            self.slow_down(now, permit, hint.is_some());
        } else if self.inferred.forget() {
            self.concurrency.start_again();
        }
    }

    /// Answers a burst of complaints once: later ones speak of the time before the answer.
    fn slow_down(&mut self, now: Duration, permit: &Permit, has_hint: bool) {
        if permit.epoch < self.concurrency.epoch() {
            return;
        }
        if self.complaints_in_a_row == 0 {
            self.complaining_since = now;
        }
        self.complaints_in_a_row += 1;
        let has_rate = match self.complaints_in_a_row {
            1 => self.allowance.be_stricter() || self.inferred.complain(now, Cut::Shallow),
            2..MANY_COMPLAINTS => true,
            _ => self.inferred.complain(now, Cut::Deep),
        };
        if has_rate {
            self.concurrency.end_round();
        } else {
            self.concurrency.cut(permit.epoch);
        }
        if !has_hint {
            let doublings = (self.complaints_in_a_row - 1).min(16);
            let pause = FIRST_PAUSE.saturating_mul(1 << doublings);
            self.paused_until = now + pause.min(LONGEST_PAUSE);
        }
    }

    /// Holds back the whole pool as long as the provider asks, never shorter, with some jitter so
    /// that not all return in the same moment.
    fn block(&mut self, now: Duration, hint: Option<Duration>, jitter: f64) {
        if let Some(hint) = hint {
            let until = now + hint + hint.mul_f64(0.1 * jitter.clamp(0.0, 1.0));
            self.blocked_until = self.blocked_until.max(until);
        }
    }

    fn judge(&mut self, now: Duration, permit: &Permit, verdict: Verdict) {
        if matches!(verdict, Verdict::Faulty(_)) {
            self.faulty.failed(now);
        }
        let broken = match verdict {
            Verdict::Served(_) | Verdict::Rejected => None,
            Verdict::Broken(kind) => Some(kind),
            // One that has never answered anybody well may be unable to; each call has its own end.
            Verdict::Faulty(kind) if self.served > 0 || self.breaker.is_open() => Some(kind),
            Verdict::TimedOut => Some(ModelErrorKind::Timeout),
            Verdict::Overloaded(retry_after) => Some(ModelErrorKind::Overloaded { retry_after }),
            // Pacing owns throttles; they say nothing about health.
            Verdict::Throttled(_) | Verdict::Faulty(_) | Verdict::Fatal(_) | Verdict::Abandoned => {
                if permit.is_probe {
                    self.breaker.probe_lost();
                }
                return;
            }
        };
        let was_open = self.breaker.is_open();
        let ended = Ended {
            call: permit.demand.call,
            sent_at: permit.sent_at,
            is_broken: broken.is_some(),
            is_unreached: broken == Some(ModelErrorKind::Unreachable),
            was_probe: permit.is_probe,
        };
        let has_healed = self.breaker.ended(now, ended);
        if has_healed {
            self.outage = None;
            self.concurrency.restart();
            self.complaints.reset();
            self.overloads.reset();
            self.timeouts.reset();
        } else if let Some(kind) = broken.filter(|_| self.breaker.is_open()) {
            let since = self.outage.filter(|_| was_open).map_or(now, |it| it.0);
            self.outage = Some((since, kind));
        }
    }
}

#[cfg(test)]
mod tests;
