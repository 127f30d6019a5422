//! Decides, without clock, runtime or randomness of its own, whether and when to try a call again.

use std::time::Duration;

use patterns_core::ModelErrorKind;

/// From this attempt on, a wait is at least half of its bound.
const FIRM_FROM: u32 = 4;

/// When a failed attempt is tried again.
///
/// Waits are drawn from `0..min(cap, base · 2ⁿ)` ("full jitter"), so that calls that failed
/// together do not come back together; from the fourth on from the upper half of that, so that how long
/// a call is tried (three quarters of a minute to two and a half) does not depend on the dice. A provider's own hint is honoured instead, with up to a tenth
/// on top; a hint beyond [`max_hint`](Self::max_hint), or beyond what is left of
/// [`max_elapsed`](Self::max_elapsed), ends the retrying, since waiting less would be rude and
/// waiting more blind.
///
/// Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Attempts of one call, the first included. Those that were only too fast don't count: they
    /// are a matter of pace. Nor do those that an outage may be to blame for; these end by time.
    pub max_attempts: u32,
    /// Upper bound of the first wait after a failure of the network or inside the provider.
    pub base: Duration,
    /// Upper bound of the first wait where the provider is busy or cannot be reached.
    pub busy_base: Duration,
    /// Upper bound of any wait that is not a provider's hint.
    pub cap: Duration,
    /// Longest hint that is waited for.
    pub max_hint: Duration,
    /// Time that a call is worked on while it fails in one and the same way (attempts and the waits between
    /// them, but not its turn in a queue) after which no attempt is made.
    pub max_elapsed: Duration,
    /// The same where the provider says how long to wait, and in all.
    pub max_hinted_elapsed: Duration,
    /// The same where the provider fails inside (HTTP 500) and has never answered anybody: for all calls
    /// together, so that those that come later do not wait alone.
    pub max_faulty_elapsed: Duration,
    /// Attempts that may end in something that is no provider's reply; a proxy does not go away.
    pub max_unreadable: u32,
    /// Attempts that may fail to connect to a provider that never answered; a misspelt host does
    /// not appear.
    pub max_unreachable: u32,
    /// The same as a time.
    pub max_unreachable_elapsed: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 10,
            base: Duration::from_millis(250),
            busy_base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
            max_hint: Duration::from_secs(600),
            max_elapsed: Duration::from_secs(600),
            max_hinted_elapsed: Duration::from_secs(1800),
            max_faulty_elapsed: Duration::from_secs(40),
            max_unreadable: 3,
            max_unreachable: 3,
            max_unreachable_elapsed: Duration::from_secs(10),
        }
    }
}

/// How a call has gone so far, the attempt that just failed included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// All of them.
    pub made: u32,
    /// Those that were thrown back for being too fast.
    pub throttled: u32,
    /// Those that an outage that has just begun may be to blame for.
    pub excused: u32,
    /// Those that ended in something that is no provider's reply.
    pub unreadable: u32,
    /// Those that failed to connect.
    pub unreachable: u32,
    /// Time that they, but for the first, and the waits between them took.
    pub elapsed: Duration,
    /// The same of those only that have failed in the same way as the last one, without another between.
    pub alike: Duration,
    /// If the last one failed inside a provider that has never answered any call: for how long that
    /// has been so, whichever calls it was.
    pub faulty_for: Option<Duration>,
    /// Whether the provider is known to be there, since it has answered this or another call.
    pub was_reached: bool,
}

impl Attempts {
    /// Counts one more failed attempt, which took so long and failed like the one before it, or not.
    pub fn record(&mut self, kind: ModelErrorKind, took: Duration, is_alike: bool) {
        self.made += 1;
        let is_throttle = matches!(kind, ModelErrorKind::RateLimited { .. });
        self.throttled += u32::from(is_throttle);
        self.unreadable += u32::from(kind == ModelErrorKind::Unreadable);
        self.unreachable += u32::from(kind == ModelErrorKind::Unreachable);
        if !is_alike {
            self.alike = Duration::ZERO;
        }
        if self.made > 1 {
            self.pass(took);
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.elapsed = self.elapsed.saturating_add(time);
        self.alike = self.alike.saturating_add(time);
    }
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again after this wait.
    RetryIn(Duration),
    /// Hand the error to the caller.
    GiveUp,
}

impl RetryPolicy {
    /// Makes a policy that never tries again.
    pub fn never() -> Self {
        Self {
            max_attempts: 1,
            ..Self::default()
        }
    }

    /// Decides what follows an attempt that failed with `kind`; `random` is drawn from `0.0..1.0`.
    pub fn decide(&self, kind: ModelErrorKind, attempts: Attempts, random: f64) -> Decision {
        if !kind.is_transient() || self.is_exhausted(kind, attempts) {
            return Decision::GiveUp;
        }
        let wait = match kind.retry_after() {
            Some(hint) if hint > self.max_hint => return Decision::GiveUp,
            Some(hint) => hint + hint.mul_f64(0.1 * random),
            None => {
                let share = if attempts.made < FIRM_FROM {
                    random
                } else {
                    0.5 + 0.5 * random
                };
                self.ceiling(kind, attempts.made).mul_f64(share)
            }
        };
        let passed = attempts.alike.max(attempts.faulty_for.unwrap_or_default());
        let in_all = self.max_hinted_elapsed.saturating_sub(attempts.elapsed);
        let left = self.deadline(kind, attempts).saturating_sub(passed);
        let left = left.min(in_all);
        match kind.retry_after() {
            _ if left.is_zero() => Decision::GiveUp,
            // Waiting less than is asked for would be rude.
            Some(_) if wait > left => Decision::GiveUp,
            _ => Decision::RetryIn(wait.min(left)),
        }
    }

    fn is_exhausted(&self, kind: ModelErrorKind, attempts: Attempts) -> bool {
        let counted = attempts.made - attempts.throttled - attempts.excused;
        counted >= self.max_attempts
            || self.max_attempts <= 1
            || (kind == ModelErrorKind::Unreadable && attempts.unreadable >= self.max_unreadable)
            || (is_stranger(kind, attempts) && attempts.unreachable >= self.max_unreachable)
    }

    fn deadline(&self, kind: ModelErrorKind, attempts: Attempts) -> Duration {
        if is_stranger(kind, attempts) {
            self.max_unreachable_elapsed.min(self.max_elapsed)
        } else if attempts.faulty_for.is_some() {
            self.max_faulty_elapsed
        } else if kind.retry_after().is_some() {
            self.max_hinted_elapsed
        } else {
            self.max_elapsed
        }
    }

    /// Returns the upper bound of the wait after attempt number `made`.
    fn ceiling(&self, kind: ModelErrorKind, made: u32) -> Duration {
        let base = match kind {
            ModelErrorKind::RateLimited { .. }
            | ModelErrorKind::Overloaded { .. }
            | ModelErrorKind::Unreachable => self.busy_base,
            _ => self.base,
        };
        let doublings = made.saturating_sub(1).min(31);
        base.saturating_mul(1 << doublings).min(self.cap)
    }
}

/// Returns whether nobody knows that the provider exists.
fn is_stranger(kind: ModelErrorKind, attempts: Attempts) -> bool {
    kind == ModelErrorKind::Unreachable && !attempts.was_reached
}

#[cfg(test)]
mod tests;
