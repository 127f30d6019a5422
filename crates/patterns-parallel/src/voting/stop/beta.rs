//! Stops when the leader is sure enough: P(p > 1/2) under a Beta posterior, as Adaptive-Consistency does
//! for two answers.

use std::sync::Arc;

/// P(p ≤ 1/2) of Beta(a + 1, b + 1), kept up vote by vote: how likely it is that `leader` votes against
/// `runner_up` votes would not win a vote without end.
///
/// Source: Aggarwal et al., "Let's Sample Step by Step: Adaptive-Consistency" (arXiv 2305.11860).
/// With n = a + b, the tail is the sum of C(n + 1, j) / 2^(n + 1) over j ≤ b, and `last` is its
/// last term. Numbers this small are multiples of a power of two, so the sums are exact for up to
/// about 50 votes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    leader: u64,
    runner_up: u64,
    last: f64,
    pub(super) tail: f64,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            leader: 0,
            runner_up: 0,
            last: 0.5,
            tail: 0.5,
        }
    }
}

impl Walk {
    pub(super) fn count_leader(&mut self) {
        let votes = self.leader + self.runner_up;
        self.tail -= self.last / 2.0;
        self.last *= (votes + 2) as f64;
        self.last /= 2.0 * (self.leader + 2) as f64;
        self.leader += 1;
    }

    pub(super) fn count_runner_up(&mut self) {
        let votes = self.leader + self.runner_up;
        self.tail -= self.last / 2.0;
        self.last *= (votes + 2) as f64;
        self.last /= 2.0 * (self.runner_up + 1) as f64;
        self.tail += self.last;
        self.runner_up += 1;
    }
}

/// The votes at which a leader is sure enough, by the votes of the runner-up.
#[derive(Clone, Debug)]
pub(super) struct BetaTable {
    enough: Arc<[u64]>,
}

impl BetaTable {
    /// Follows the boundary, so that the cost is O(`max_votes`).
    pub(super) fn new(confidence: f64, max_votes: u64) -> Self {
        let mut walk = Walk::default();
        let mut enough = Vec::new();
        loop {
            while 1.0 - walk.tail < confidence && walk.leader + walk.runner_up < max_votes {
                walk.count_leader();
            }
            if 1.0 - walk.tail < confidence {
                break;
            }
            enough.push(walk.leader);
            walk.count_runner_up();
        }
        Self {
            enough: enough.into(),
        }
    }

    /// Returns how many votes the leader lacks; `None` if there are not that many to be had.
    pub(super) fn lacking(&self, leader: u64, runner_up: u64) -> Option<u64> {
        let enough = self.enough.get(usize::try_from(runner_up).ok()?)?;
        Some(enough.saturating_sub(leader))
    }
}
