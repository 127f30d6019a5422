//! What came of rehearsals: at least, likely, and at most.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

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
        match most.entry(stage) {
            Entry::Occupied(it) => it.into_mut().widen(tally),
            Entry::Vacant(it) => _ = it.insert(tally),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_one_rehearsal_has_is_as_it_is_there() {
        let name = StageName {
            stage: "judge".to_owned(),
            level: 0,
            model: "m".to_owned(),
        };
        let stages = |order, calls, repeated| {
            let tally = StageTally {
                order,
                calls,
                repeated,
                ..StageTally::default()
            };
            Stages::from([(name.clone(), tally)])
        };
        let mut most = Stages::new();
        for (calls, expected) in [(3, 3), (1, 3), (4, 4)] {
            widen(&mut most, stages(2, calls, 5));
            let it = &most[&name];
            assert_eq!((it.order, it.calls, it.repeated), (2, expected, 5));
        }
    }
}
