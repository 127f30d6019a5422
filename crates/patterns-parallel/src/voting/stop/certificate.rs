//! Stops on an anytime-valid certificate that the leader is the model's own most frequent answer.

use std::sync::Arc;

/// Rounding that a comparison of logarithms forgives.
const SLACK: f64 = 1e-9;

/// The prior-posterior-ratio martingale of the leader against the runner-up.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    /// ln n!, by n.
    ln_factorials: Arc<[f64]>,
    ln_delta: f64,
}

impl Certificate {
    pub(super) fn new(delta: f64, max_votes: u64) -> Self {
        let mut sum = 0.0;
        let rest = (1..=max_votes + 1).map(|n| {
            sum += (n as f64).ln();
            sum
        });
        Self {
            ln_factorials: std::iter::once(0.0).chain(rest).collect(),
            ln_delta: delta.ln(),
        }
    }

    /// Returns whether 2^(a + b) · B(a + 1, b + 1) ≥ K / δ.
    pub(super) fn holds(&self, leader: u64, runner_up: u64, options: u64) -> bool {
        if leader == 0 {
            return false;
        }
        let votes = leader + runner_up;
        let evidence = votes as f64 * std::f64::consts::LN_2
            + self.ln_factorial(leader)
            + self.ln_factorial(runner_up)
            - self.ln_factorial(votes + 1);
        evidence + SLACK >= (options.max(1) as f64).ln() - self.ln_delta
    }

    /// Returns ln n!; beyond the table nothing is certain.
    fn ln_factorial(&self, n: u64) -> f64 {
        let place = usize::try_from(n).ok();
        let found = place.and_then(|place| self.ln_factorials.get(place));
        found.copied().unwrap_or(f64::NAN)
    }
}
