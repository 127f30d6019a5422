//! What came of rehearsals: at least, likely, and at most.

use std::collections::BTreeMap;

use super::stage_tally::{StageName, StageTally};
use crate::input::Taken;
use crate::pattern::ReduceBudget;

/// Calls by stage, level and model.
pub(super) type Stages = BTreeMap<StageName, StageTally>;

/// What was rehearsed: at least, on average over so many rehearsals, and at most.
pub(super) struct Rehearsed {
    pub(super) low: Stages,
    pub(super) likely: Stages,
    pub(super) rounds: u64,
    pub(super) high: Stages,
    pub(super) warnings: Vec<String>,
    pub(super) taken: Option<Taken>,
    pub(super) identity: [u8; 32],
    /// How much a call combines, if any does.
    pub(super) budget: Option<ReduceBudget>,
}

/// Adds what came of a further rehearsal.
pub(super) fn add(sum: &mut Stages, stages: Stages) {
    for (stage, tally) in stages {
        sum.entry(stage).or_default().add(tally);
    }
}

/// Makes what is most of each no less than in another rehearsal.
pub(super) fn widen(most: &mut Stages, stages: Stages) {
    for (stage, tally) in stages {
        most.entry(stage).or_default().widen(tally);
    }
}
