//! What holds for all sizes, limits and orders.

use proptest::prelude::*;

use super::*;

fn fan_ins() -> impl Strategy<Value = FanIn> {
    (2u32..20).prop_map(|mean| FanIn::new(mean).unwrap())
}

fn leaves() -> impl Strategy<Value = Leaves> {
    let size = prop_oneof![8 => (0u64..50).prop_map(Some), 1 => Just(None)];
    // Few different digests, so that some documents are the same.
    let leaf = (0u64..200, size).prop_map(|(id, size)| (equal([id])[0].0, size));
    prop::collection::vec(leaf, 0..120)
}

proptest! {
    #[test]
    fn every_leaf_is_combined_once_in_order_within_the_limits(
        leaves in leaves(), budget in 0u64..300, fan_in in fan_ins(), answer in 0u64..80,
        window in 1usize..30, seed: u64,
    ) {
        let settings = (budget, fan_in, answer);
        let (built, _) = build(&leaves, settings, window, random(seed));
        let answered: Vec<usize> = (0..leaves.len()).filter(|&n| leaves[n].1.is_some()).collect();
        for call in &built.calls {
            let below: Vec<usize> = call.items.iter().flat_map(|it| it.leaves.clone()).collect();
            prop_assert!(below.is_sorted());
            if answered.len() > 1 {
                let tokens: u64 = call.items.iter().map(|it| it.size).sum();
                prop_assert!(tokens <= budget, "{} of {}", tokens, budget);
                prop_assert!((2..=fan_in.cap()).contains(&call.items.len()));
            }
        }
        match built.end {
            Some(TopologyEnd::Root(_)) => prop_assert_eq!(built.root, answered),
            None => prop_assert!(answered.is_empty()),
            Some(TopologyEnd::DoesNotFit) => {
                let sizes = answered.iter().filter_map(|&n| leaves[n].1);
                prop_assert!(answered.len() > 1);
                prop_assert!(sizes.chain([answer]).any(|it| it > budget / 2));
            }
        }
    }

    #[test]
    fn the_order_of_answers_does_not_matter(
        leaves in leaves(), budget in 0u64..300, fan_in in fan_ins(), answer in 0u64..80,
        window in 1usize..200, seed: u64,
    ) {
        let settings = (budget, fan_in, answer);
        let (other, _) = build(&leaves, settings, window, random(seed));
        prop_assert_eq!(other, in_order(&leaves, settings));
    }

    #[test]
    fn a_failed_leaf_is_as_if_it_had_never_been_there(
        leaves in leaves(), budget in 0u64..300, fan_in in fan_ins(), answer in 0u64..80,
    ) {
        let settings = (budget, fan_in, answer);
        let left: Leaves = leaves.iter().copied().filter(|it| it.1.is_some()).collect();
        let keys = |built: Built| built.calls.iter().map(|it| it.key).collect::<Vec<_>>();
        prop_assert_eq!(keys(in_order(&leaves, settings)), keys(in_order(&left, settings)));
    }
}
