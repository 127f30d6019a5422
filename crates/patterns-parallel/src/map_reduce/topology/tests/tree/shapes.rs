//! Particular trees.

use super::*;

#[test]
fn what_is_held_does_not_grow_with_the_number_of_leaves() {
    let fan_in = eight();
    let mut peaks = Vec::new();
    for count in [1_000, 100_000] {
        let leaves = equal(0..count);
        let (built, peak) = build(&leaves, (1_000, fan_in, 60), 32, random(3));
        assert_eq!(built.root.len() as u64, count);
        peaks.push(peak);
    }
    let levels = levels(fan_in, 100_000);
    assert!(peaks[1] <= 64 * 8 * levels, "{peaks:?}");
    assert!(peaks[1] < 4 * peaks[0], "{peaks:?}");
}

#[test]
fn few_documents_take_one_call_and_a_single_one_takes_one_too() {
    for count in [1, 2, 16] {
        let built = in_order(&equal(0..count), (1_000, eight(), 10));
        assert_eq!(built.calls.len(), 1, "{count}");
        assert_eq!(built.calls[0].level, 0);
    }
    let built = in_order(&equal([1]), (5, eight(), 10));
    assert_eq!(built.calls.len(), 1, "larger than the budget, but alone");
    assert_eq!(in_order(&Leaves::new(), (5, eight(), 10)).end, None);
}

#[test]
fn all_that_fits_the_budget_is_one_call_where_no_fan_in_was_asked_for() {
    for (budget, calls) in [(5_000, 1), (4_999, 55)] {
        let built = in_order(&equal(0..500), (budget, FanIn::default(), 10));
        assert_eq!(built.calls.len(), calls, "{budget}");
    }
}

#[test]
fn equal_documents_are_combined_in_a_balanced_tree() {
    let built = in_order(&equal([3; 1_000]), (NO_LIMIT, eight(), 10));
    assert_eq!(built.root.len(), 1_000);
    assert_eq!(built.depth(), 3);
}

#[test]
fn a_group_is_ready_when_its_items_are() {
    let leaves = equal(0..200);
    let mut tree = tree(NO_LIMIT, eight());
    let places: Vec<u64> = (0..leaves.len() as u64).collect();
    places.iter().for_each(|it| tree.push(*it));
    // The first leaf is slow, and nothing says yet where the documents end.
    for (place, (digest, _)) in places.iter().zip(&leaves).skip(1) {
        tree.leaf_answered(*place, digest, 10);
    }
    let groups = std::iter::from_fn(|| Topology::Tree.next_group(&mut tree)).count();
    assert!(groups > 10, "{groups} groups wait for no one");
    assert_eq!(tree.end(), None);
}

#[test]
fn the_last_leaf_may_fail_after_all_others_have_ended() {
    for count in [3, 100] {
        let mut tree = tree(NO_LIMIT, eight());
        let places: Vec<u64> = (0..count).collect();
        places.iter().for_each(|it| tree.push(*it));
        tree.finish();
        for (place, (digest, _)) in places.iter().zip(equal(1..count)) {
            tree.leaf_answered(*place, &digest, 10);
        }
        std::iter::from_fn(|| Topology::Tree.next_group(&mut tree)).for_each(drop);
        tree.leaf_failed(count - 1);
        assert!(
            Topology::Tree.next_group(&mut tree).is_some(),
            "of {count} leaves the last group is left"
        );
    }
}
