//! How much of a tree an edit of the documents changes.

use proptest::prelude::*;

use super::*;

/// Changes, removes or inserts one of the leaves.
fn edited(ids: &[u64], at: usize, kind: usize) -> Vec<u64> {
    const NEW: u64 = 1 << 40;
    let mut ids = ids.to_vec();
    match kind {
        0 => ids[at] += NEW,
        1 => {
            ids.remove(at);
        }
        _ => ids.insert(at, NEW),
    }
    ids
}

/// Counts the calls that an edit adds to those already paid for.
fn new_calls(ids: &[u64], at: usize, kind: usize, (budget, fan_in): (u64, FanIn)) -> usize {
    let settings = (budget, fan_in, 10);
    let old = in_order(&equal(ids.iter().copied()), settings);
    let new = in_order(&equal(edited(ids, at, kind)), settings);
    new.keys().difference(&old.keys()).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    // Two groups per level are new at most, but for two rare events that depend on digests: what
    // an edit joins is too large for a call and is cut into three, or a level passes the size up to
    // which it is one call. About one edit in three thousand needs the two more.
    #[test]
    fn an_edit_makes_few_new_calls(
        count in 2usize..2_000, mean in 2u32..20, at: prop::sample::Index, kind in 0usize..3,
        first in 0u64..1 << 30,
    ) {
        let fan_in = FanIn::new(mean).unwrap();
        let ids: Vec<u64> = (first..).take(count).collect();
        let calls = new_calls(&ids, at.index(count), kind, (NO_LIMIT, fan_in));
        let bound = 2 * levels(fan_in, count);
        prop_assert!(calls <= bound + 2, "{} calls, bound {}", calls, bound);
    }

    #[test]
    fn the_tree_is_not_deep(count in 1usize..3_000, mean in 2u32..20, first in 0u64..1 << 30) {
        let fan_in = FanIn::new(mean).unwrap();
        let built = in_order(&equal((first..).take(count)), (NO_LIMIT, fan_in, 10));
        let bound = levels(fan_in, count) + 4;
        prop_assert!(built.depth() <= bound, "{} levels, bound {}", built.depth(), bound);
    }
}

/// Returns the new calls of each of 300 edits of 300 documents.
fn of_edits(limits: (u64, FanIn)) -> Vec<usize> {
    let ids: Vec<u64> = (0..300).collect();
    let mut random = random(7);
    (0..300)
        .map(|n| new_calls(&ids, random() % ids.len(), n % 3, limits))
        .collect()
}

fn mean(calls: &[usize]) -> f64 {
    calls.iter().sum::<usize>() as f64 / calls.len() as f64
}

#[test]
fn nearly_every_edit_changes_a_path_to_the_root() {
    let fan_in = eight();
    let calls = of_edits((NO_LIMIT, fan_in));
    let beyond = calls.iter().filter(|&&it| it > 2 * levels(fan_in, 300));
    assert!(beyond.count() <= 2);
    let mean = mean(&calls);
    assert!(mean < 4.0, "{mean} of about 50 calls");
}

#[test]
fn cuts_for_the_budget_stay_where_they_are() {
    // Of these 300 documents most are between the same two boundaries.
    let fan_in = FanIn::new(1_000);
    let mean = mean(&of_edits((80, fan_in.unwrap())));
    assert!(mean < 6.0, "{mean} of about 70 calls");
}
