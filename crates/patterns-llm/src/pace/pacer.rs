//! The pacer itself: asks every limit, admits or defers, and learns from how calls end.

use std::time::Duration;

use patterns_core::ModelErrorKind;

use super::breaker::{Breaker, Gate};
use super::bucket::Bucket;
use super::complaints::Complaints;
use super::concurrency::Concurrency;
use super::flight::Flight;
use super::limits::{RateLimits, Window};
use super::rate::{Cut, InferredRate};

/// How long a provider that has never answered may be down before calls fail at once: a misspelt
/// host does not appear.
const PATIENCE_WITH_STRANGERS: Duration = Duration::from_secs(10);

/// A hint of this length or more always holds back the whole pool.
const LONG_HINT: Duration = Duration::from_secs(5);

/// With more than this share of late, overloads are about our load.
const OVERLOADED: f64 = 0.05;

/// With more than this share of late, time-outs are.
const STUCK: f64 = 0.1;

/// The least share of stated limits that is used. If a provider complains even then, it has others
/// that it does not state.
const LEAST_SHARE: f64 = 0.8;

/// How long nothing is sent after a complaint without a hint; it doubles while they go on.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// After so many complaints in a row, pausing alone has not helped.
const MANY_COMPLAINTS: u32 = 4;

/// Calls that may be sent a second time before they have to wait for others to go well.
const RETRY_TOKENS: f64 = 500.0;

/// What is given to a pacer from outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// The most calls in flight, whatever the provider allows.
    pub max_in_flight: usize,
    /// Whether the number in flight begins small and doubles every round trip, because nobody knows
    /// what the provider can take; if not, it begins at `max_in_flight`.
    pub starts_slowly: bool,
    /// Requests a minute, if the user knows the limit.
    pub requests_per_minute: Option<f64>,
    /// Tokens a minute, input and output together, if the user knows the limit.
    pub tokens_per_minute: Option<f64>,
    /// Longest time that a call is held back because the provider asks for it. A longer wait is
    /// the user's to decide on, so the call fails with the provider's words instead.
    pub max_block: Duration,
    /// Longest outage that is waited out.
    pub max_outage: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            max_in_flight: 256,
            starts_slowly: true,
            requests_per_minute: None,
            tokens_per_minute: None,
            max_block: Duration::from_secs(600),
            max_outage: Duration::from_secs(1_800),
        }
    }
}

/// What a call is expected to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Whether `output_tokens` is a bound that was sent along, which providers count as if it
    /// were used, and not an estimate.
    pub is_bounded: bool,
}

/// Whether a call may be sent.
#[derive(Debug, PartialEq)]
pub enum Admission {
    /// Now. The permit must be given back by [`Pacer::ended`].
    Go(Permit),
    /// Not before this time has passed; ask again then, or when a call has ended.
    Wait(Duration, Reason),
    /// Not before a call has ended.
    Full,
    /// Never: every call would end like this, or nobody should wait so long.
    Closed(ModelErrorKind),
}

/// Why a call has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// As many calls are in flight as may be; one of them may get stuck by then.
    Full,
    /// A rate limit; such waits are short.
    Rate,
    /// The provider asked to.
    Asked,
    /// The provider is down.
    Outage,
}

/// The right to have one call in flight.
#[derive(Debug, PartialEq)]
#[must_use]
pub struct Permit {
    number: u64,
    estimate: Demand,
    /// The estimate as it was corrected and reserved.
    demand: Demand,
    epoch: u64,
    sent_at: Duration,
    is_probe: bool,
}

/// How a call ended, as far as pacing is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was answered, or rejected for what it said: the provider is well. With the tokens sent
    /// and written, if they are known.
    Served(Option<(u64, u64)>),
    /// The provider says that calls come too fast.
    Throttled(Option<Duration>),
    /// The provider says that it has no capacity.
    Overloaded(Option<Duration>),
    /// The time ran out.
    TimedOut,
    /// The provider failed or could not be reached.
    Broken(ModelErrorKind),
    /// Every further call would fail likewise.
    Fatal(ModelErrorKind),
    /// It was given up here; nothing is known.
    Abandoned,
}

/// How a pacer stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PacerState {
    /// Calls in flight.
    pub in_flight: usize,
    /// The most calls in flight at present.
    pub limit: usize,
    /// Requests a minute that are allowed, stated or inferred.
    pub requests_per_minute: Option<f64>,
    /// Tokens a minute that are allowed.
    pub tokens_per_minute: Option<f64>,
    /// Whether an outage is being waited out.
    pub is_outage: bool,
    /// Whether any call has ever been served.
    pub has_served: bool,
    /// Whether no call will be admitted any more.
    pub is_closed: bool,
    /// How long everything is held back because the provider asked for it.
    pub blocked_for: Duration,
}

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
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    input_tokens: Option<Bucket>,
    output_tokens: Option<Bucket>,
    inferred: InferredRate,
    blocked_until: Duration,
    /// Until when nothing is sent after a complaint, and how many complaints there were in a row.
    paused_until: Duration,
    complaints_in_a_row: u32,
    complaining_since: Duration,
    has_served: bool,
    /// Since when, and how, the provider has been down.
    outage: Option<(Duration, ModelErrorKind)>,
    closed: Option<ModelErrorKind>,
    /// Whether the provider has complained although its stated limits were kept.
    is_strict: bool,
    /// The share of the stated limits that is used, on top of the margin that buckets keep.
    share_used: f64,
    /// Real tokens by estimated ones, smoothed.
    input_ratio: f64,
    output_ratio: f64,
    retry_tokens: f64,
    retry_tokens_at: Duration,
}

impl Pacer {
    /// Makes a pacer that knows nothing yet.
    pub fn new(pace: Pace) -> Self {
        let bucket = |limit: Option<f64>| limit.map(|it| Bucket::new(it, Duration::ZERO));
        Self {
            pace,
            flight: Flight::default(),
            concurrency: Concurrency::new(pace.max_in_flight, pace.starts_slowly),
            breaker: Breaker::new(),
            complaints: Complaints::default(),
            overloads: Complaints::default(),
            timeouts: Complaints::default(),
            requests: bucket(pace.requests_per_minute),
            tokens: bucket(pace.tokens_per_minute),
            input_tokens: None,
            output_tokens: None,
            inferred: InferredRate::default(),
            blocked_until: Duration::ZERO,
            paused_until: Duration::ZERO,
            complaints_in_a_row: 0,
            complaining_since: Duration::ZERO,
            has_served: false,
            outage: None,
            closed: None,
            is_strict: false,
            share_used: 1.0,
            input_ratio: 1.0,
            output_ratio: 1.0,
            retry_tokens: RETRY_TOKENS,
            retry_tokens_at: Duration::ZERO,
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
        let is_probe = match (self.breaker.gate(now), self.hopeless(now)) {
            (Gate::Open, _) => false,
            // Even after a hopeless outage somebody has to find out that it is over.
            (Gate::Probe, _) => true,
            (_, Some(kind)) => return Admission::Closed(kind),
            (Gate::ShutFor(wait), None) => return Admission::Wait(wait, Reason::Outage),
            (Gate::ShutByProbe, None) => return Admission::Full,
        };
        let (lively, until_stuck) = self.flight.lively(now);
        if lively >= self.concurrency.limit() && !is_probe {
            return match until_stuck {
                Some(wait) => Admission::Wait(wait, Reason::Full),
                None => Admission::Full,
            };
        }
        let wait = self.wait(now, self.corrected(demand));
        if !wait.is_zero() {
            return Admission::Wait(wait, Reason::Rate);
        }
        self.admit(now, demand, is_probe)
    }

    /// Asks whether a failed call may be tried again now, or else when to ask again. Tries beyond
    /// the first few hundred are paid for by calls that go well, and by time: where everything
    /// fails, this slows the retries down to one a second, and drops none.
    pub fn ask_retry(&mut self, now: Duration) -> Option<Duration> {
        let passed = now.saturating_sub(self.retry_tokens_at).as_secs_f64();
        self.retry_tokens = (self.retry_tokens + passed).min(RETRY_TOKENS);
        self.retry_tokens_at = self.retry_tokens_at.max(now);
        if self.retry_tokens < 1.0 {
            let missing = Duration::from_secs_f64(1.0 - self.retry_tokens);
            return Some(missing + Duration::from_millis(1));
        }
        self.retry_tokens -= 1.0;
        None
    }

    /// Takes over what a reply says of the provider's limits. What the user stated is an upper
    /// bound: a provider may allow less, never more.
    pub fn learn(&mut self, now: Duration, limits: &RateLimits) {
        let (strict, share) = (self.is_strict, self.share_used);
        let learn = |bucket: &mut Option<Bucket>, window: Option<Window>, given: Option<f64>| {
            let Some(Window {
                limit, remaining, ..
            }) = window
            else {
                return;
            };
            let limit = given.map_or(limit, |given| given.min(limit));
            let bucket = bucket.get_or_insert_with(|| Bucket::new(limit, now));
            bucket.set_limit(limit * share);
            if strict {
                bucket.be_strict();
            }
            if let Some(remaining) = remaining {
                bucket.at_most(remaining);
            }
        };
        let pace = self.pace;
        learn(
            &mut self.requests,
            limits.requests,
            pace.requests_per_minute,
        );
        learn(&mut self.tokens, limits.tokens, pace.tokens_per_minute);
        learn(&mut self.input_tokens, limits.input_tokens, None);
        learn(&mut self.output_tokens, limits.output_tokens, None);
    }

    /// Learns how a call ended; `jitter` is a random number from 0 to 1.
    pub fn ended(&mut self, now: Duration, permit: Permit, verdict: Verdict, jitter: f64) {
        let is_throttle = matches!(verdict, Verdict::Throttled(_));
        let is_overload = matches!(verdict, Verdict::Overloaded(_));
        let (lively, _) = self.flight.lively(now);
        let (rate, load) = (self.inferred.rate(now), lively as f64);
        // Until a call gets through that was sent after the first complaint, all of them count.
        let slow_down = self.complaints.ended(rate, is_throttle) || self.complaints_in_a_row > 0;
        self.overloads.ended(load, is_overload);
        self.timeouts.ended(load, verdict == Verdict::TimedOut);
        match verdict {
            Verdict::Served(used) => {
                self.has_served = true;
                self.retry_tokens = (self.retry_tokens + 1.0).min(RETRY_TOKENS);
                self.concurrency.grow(lively);
                if permit.sent_at >= self.complaining_since {
                    self.complaints_in_a_row = 0;
                }
                if let Some(used) = used {
                    self.settle(permit.estimate, permit.demand, used);
                }
            }
            Verdict::Throttled(hint) => {
                self.inferred.thrown_back(permit.sent_at);
                if slow_down {
                    self.slow_down(now, &permit, hint.is_some());
                } else if self.inferred.forget() {
                    self.concurrency.start_again();
                }
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
            Verdict::TimedOut | Verdict::Broken(_) | Verdict::Abandoned => {}
        }
        self.judge(now, &permit, verdict);
        let is_served = matches!(verdict, Verdict::Served(_));
        let took = is_served.then(|| now.saturating_sub(permit.sent_at));
        self.flight.ended(permit.number, took);
    }

    /// Returns how the pacer stands.
    pub fn state(&self, now: Duration) -> PacerState {
        let stated = self.requests.as_ref().map(Bucket::limit);
        let inferred = self.inferred.limit(now);
        PacerState {
            in_flight: self.flight.all(),
            limit: self.concurrency.limit(),
            requests_per_minute: match (stated, inferred) {
                (Some(stated), Some(inferred)) => Some(stated.min(inferred)),
                (stated, inferred) => stated.or(inferred),
            },
            tokens_per_minute: self.tokens.as_ref().map(Bucket::limit),
            is_outage: self.breaker.is_open(),
            has_served: self.has_served,
            is_closed: self.closed.is_some(),
            blocked_for: self.blocked_until.saturating_sub(now),
        }
    }

    /// Returns how calls end whose provider has been down for too long.
    fn hopeless(&self, now: Duration) -> Option<ModelErrorKind> {
        let (since, kind) = self.outage.filter(|_| self.breaker.is_open())?;
        let patience = if self.has_served {
            self.pace.max_outage
        } else {
            PATIENCE_WITH_STRANGERS.min(self.pace.max_outage)
        };
        (now.saturating_sub(since) > patience).then_some(kind)
    }

    fn admit(&mut self, now: Duration, estimate: Demand, is_probe: bool) -> Admission {
        let demand = self.corrected(estimate);
        self.inferred.sent(now);
        for (bucket, amount) in self.buckets(demand) {
            if let Some(bucket) = bucket {
                bucket.take(amount);
            }
        }
        let number = self.flight.sent(now);
        if is_probe {
            self.breaker.probe_sent();
        }
        Admission::Go(Permit {
            number,
            estimate,
            demand,
            epoch: self.concurrency.epoch(),
            sent_at: now,
            is_probe,
        })
    }

    fn corrected(&self, demand: Demand) -> Demand {
        let scale = |tokens: u64, ratio: f64| (tokens as f64 * ratio).ceil() as u64;
        Demand {
            input_tokens: scale(demand.input_tokens, self.input_ratio),
            output_tokens: if demand.is_bounded {
                demand.output_tokens
            } else {
                scale(demand.output_tokens, self.output_ratio)
            },
            ..demand
        }
    }

    fn wait(&mut self, now: Duration, demand: Demand) -> Duration {
        let mut wait = self.inferred.wait(now);
        wait = wait.max(self.paused_until.saturating_sub(now));
        for (bucket, amount) in self.buckets(demand) {
            if let Some(bucket) = bucket {
                wait = wait.max(bucket.wait(now, amount));
            }
        }
        wait
    }

    fn buckets(&mut self, demand: Demand) -> [(Option<&mut Bucket>, f64); 4] {
        let input = demand.input_tokens as f64;
        let output = demand.output_tokens as f64;
        [
            (self.requests.as_mut(), 1.0),
            (self.tokens.as_mut(), input + output),
            (self.input_tokens.as_mut(), input),
            (self.output_tokens.as_mut(), output),
        ]
    }

    /// Puts back what was reserved and not used, and corrects the estimates.
    fn settle(&mut self, estimate: Demand, reserved: Demand, used: (u64, u64)) {
        let (input_used, output_used) = used;
        let left = |reserved: u64, used: u64| reserved as f64 - used as f64;
        let input = left(reserved.input_tokens, input_used);
        // A strict provider counts what might have been written, so nothing comes back.
        let is_kept = self.is_strict && reserved.is_bounded;
        let output = match left(reserved.output_tokens, output_used) {
            unused if is_kept => unused.min(0.0),
            unused => unused,
        };
        for (bucket, amount) in [
            (&mut self.tokens, input + output),
            (&mut self.input_tokens, input),
            (&mut self.output_tokens, output),
        ] {
            if let Some(bucket) = bucket {
                bucket.refund(amount);
            }
        }
        self.input_ratio = smoothed(self.input_ratio, estimate.input_tokens, input_used);
        if !reserved.is_bounded {
            self.output_ratio = smoothed(self.output_ratio, estimate.output_tokens, output_used);
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
        let states_limits = self.requests.is_some() || self.tokens.is_some();
        let has_rate = match self.complaints_in_a_row {
            1 if states_limits && self.share_used > LEAST_SHARE => {
                self.be_strict();
                true
            }
            1 => self.inferred.complain(now, Cut::Shallow),
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
            let pause = FIRST_PAUSE
                .saturating_mul(1 << doublings)
                .min(LONGEST_PAUSE);
            self.paused_until = now + pause;
        }
    }

    /// Keeps the stated limits more strictly: evenly, and with each further complaint a little less
    /// of them. Large requests may not fit into what is left of a provider's second.
    fn be_strict(&mut self) {
        if self.is_strict {
            self.share_used = (self.share_used * 0.97).max(LEAST_SHARE);
        }
        self.is_strict = true;
        for bucket in [
            &mut self.requests,
            &mut self.tokens,
            &mut self.input_tokens,
            &mut self.output_tokens,
        ]
        .into_iter()
        .flatten()
        {
            bucket.be_strict();
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
        let broken = match verdict {
            Verdict::Served(_) => None,
            Verdict::Broken(kind) => Some(kind),
            Verdict::TimedOut => Some(ModelErrorKind::Timeout),
            Verdict::Overloaded(retry_after) => Some(ModelErrorKind::Overloaded { retry_after }),
            // Pacing owns throttles; they say nothing about health.
            Verdict::Throttled(_) | Verdict::Fatal(_) | Verdict::Abandoned => {
                if permit.is_probe {
                    self.breaker.probe_lost();
                }
                return;
            }
        };
        let was_open = self.breaker.is_open();
        let has_healed = self.breaker.ended(now, broken.is_some(), permit.is_probe);
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

/// Moves the ratio of real to estimated tokens a little towards the last call's.
fn smoothed(ratio: f64, estimated: u64, used: u64) -> f64 {
    if estimated == 0 || used == 0 {
        return ratio;
    }
    let seen = used as f64 / estimated as f64;
    (0.9 * ratio + 0.1 * seen).clamp(0.05, 20.0)
}

#[cfg(test)]
mod tests;
