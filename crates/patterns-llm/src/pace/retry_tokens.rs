//! Pays for retries with calls that go well: where everything fails, retries slow down, and none is
//! dropped.
//!
//! A retry costs one token, not fourteen as at AWS: prices there are for dropping retries, and ours only slow
//! them down to the rate of success.

use std::time::Duration;

/// Retries that may be made before they have to wait.
const MOST: f64 = 500.0;

/// What is left to pay for retries with. A call that goes well brings one, and so does a second.
#[derive(Clone, Debug)]
pub(super) struct RetryTokens {
    left: f64,
    at: Duration,
}

impl RetryTokens {
    pub(super) fn new() -> Self {
        Self {
            left: MOST,
            at: Duration::ZERO,
        }
    }

    /// Takes note of a call that went well.
    pub(super) fn earn(&mut self) {
        self.left = (self.left + 1.0).min(MOST);
    }

    /// Pays for a retry, or returns when to ask again.
    pub(super) fn pay(&mut self, now: Duration) -> Option<Duration> {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.left = (self.left + passed).min(MOST);
        self.at = self.at.max(now);
        if self.left < 1.0 {
            let missing = Duration::from_secs_f64(1.0 - self.left);
            return Some(missing + Duration::from_millis(1));
        }
        self.left -= 1.0;
        None
    }
}
