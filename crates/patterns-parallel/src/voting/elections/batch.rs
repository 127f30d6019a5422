//! Counts how the elections of a batch ended, and holds what is handed over of each.

use patterns_core::Branch;
use serde::{Deserialize, Serialize};

use crate::voting::election::Election;
use crate::voting::rules::{Decision, Weights};
use crate::voting::stop::StopReason;

/// One decided question of a batch.
#[derive(Debug)]
pub struct BatchElection<V, W = String, D = Weights> {
    /// The question's id, as given.
    pub id: String,
    /// The result.
    pub election: Election<W, D>,
    /// The ballots behind it, in voter order, failed ones included.
    pub branches: Vec<Branch<V>>,
}

/// How the elections of a batch ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTally {
    /// Elections with a winner.
    pub decided: u64,
    /// Elections without one.
    pub undecided: u64,
    /// Questions that were put to nobody, as the calls were spent before.
    #[serde(default)]
    pub unasked: u64,
    /// Elections that ended because the calls were spent, among the decided and the undecided.
    #[serde(default)]
    pub cut_short: u64,
}

impl BatchTally {
    pub(in crate::voting) fn count<W, D>(&mut self, election: &Election<W, D>) {
        match election.decision {
            Decision::NotAsked => self.unasked += 1,
            decision if decision.is_won() => self.decided += 1,
            _ => self.undecided += 1,
        }
        let is_short = election.stop_reason == StopReason::CallsSpent;
        self.cut_short += u64::from(is_short && election.decision != Decision::NotAsked);
    }

    /// Returns how many elections came to an end with a ballot.
    pub(in crate::voting) fn ended(&self) -> u64 {
        self.decided + self.undecided
    }
}
