//! What holds for every topology, and what is particular to one.

mod cut;
mod driver;
mod tree;

use driver::{Built, Leaves, build, equal, random};
use proptest::prelude::*;

use super::frontier::Node;
use super::reduce_tree::ends;
use super::{FanIn, Topology, TopologyEnd};

/// All but the one that depends on the order of answers.
const STEADY: [Topology; 2] = [Topology::Tree, Topology::Refine];

fn topologies() -> impl Strategy<Value = Topology> {
    let all = STEADY.into_iter().chain([Topology::Unordered]);
    prop::sample::select(all.collect::<Vec<_>>())
}

fn leaves() -> impl Strategy<Value = Leaves> {
    let size = prop_oneof![8 => (0_u64..50).prop_map(Some), 1 => Just(None)];
    let leaf = (0_u64..200, size).prop_map(|(id, size)| (equal([id])[0].0, size));
    prop::collection::vec(leaf, 0..120)
}

proptest! {
    #[test]
    fn nothing_is_lost_or_combined_twice_and_no_call_exceeds_the_budget(
        topology in topologies(), leaves in leaves(), budget in 0_u64..300,
        mean in prop::option::of(2_u32..12), answer in 0_u64..80, window in 1_usize..30, seed: u64,
    ) {
        let fan_in = mean.and_then(FanIn::new);
        let (built, _) = build((topology, topology.begin(budget, fan_in)), &leaves, answer, window, random(seed));
        let answered: Vec<usize> = (0..leaves.len()).filter(|&n| leaves[n].1.is_some()).collect();
        for call in &built.calls {
            let tokens: u64 = call.items.iter().map(|it| it.size).sum();
            prop_assert!(call.items.len() == 1 || tokens <= budget, "{} of {}", tokens, budget);
        }
        // Every call but a lone one makes fewer of many, so there is no endless loop.
        prop_assert!(built.calls.len() <= answered.len());
        match built.end {
            Some(TopologyEnd::Root(_)) => {
                let mut root = built.root;
                root.sort_unstable();
                prop_assert_eq!(root, answered);
            }
            None => prop_assert!(answered.is_empty()),
            Some(TopologyEnd::DoesNotFit) => {
                let sizes = answered.iter().filter_map(|&n| leaves[n].1);
                let sum: u64 = sizes.clone().sum();
                prop_assert!(answered.len() > 1 && sum.max(answer) > budget / 2);
            }
        }
    }

    #[test]
    fn only_unordered_depends_on_the_order_of_answers(
        topology in prop::sample::select(&STEADY[..]), leaves in leaves(), budget in 0_u64..300,
        mean in prop::option::of(2_u32..12), answer in 0_u64..80, window in 1_usize..99, seed: u64,
    ) {
        let fan_in = mean.and_then(FanIn::new);
        let begin = || (topology, topology.begin(budget, fan_in));
        let (one, _) = build(begin(), &leaves, answer, window, random(seed));
        let (other, _) = build(begin(), &leaves, answer, 1, || 0);
        prop_assert_eq!(one, other);
    }
}

/// Combines leaves of 10 tokens to answers of 10, in an order that looks random.
fn of(topology: Topology, count: u64, (budget, mean): (u64, Option<u32>)) -> Built {
    let fan_in = mean.and_then(FanIn::new);
    build(
        (topology, topology.begin(budget, fan_in)),
        &equal(0..count),
        10,
        16,
        random(5),
    )
    .0
}

fn sizes(built: &Built) -> Vec<usize> {
    built.calls.iter().map(|call| call.items.len()).collect()
}

#[test]
fn refine_adds_one_after_the_other() {
    let built = of(Topology::Refine, 5, (1_000, None));
    assert_eq!(sizes(&built), [2, 2, 2, 2]);
    let levels: Vec<usize> = built.calls.iter().map(|it| it.level).collect();
    assert_eq!(levels, [0, 1, 2, 3]);
    assert_eq!(sizes(&of(Topology::Refine, 9, (1_000, Some(4)))), [4, 4, 3]);
    assert_eq!(sizes(&of(Topology::Refine, 9, (30, Some(4)))), [3, 3, 3, 3]);
    assert_eq!(sizes(&of(Topology::Refine, 1, (5, None))), [1]);
    let built = of(Topology::Refine, 3, (19, None));
    assert_eq!(
        (built.end, sizes(&built)),
        (Some(TopologyEnd::DoesNotFit), vec![1])
    );
}

#[test]
fn unordered_combines_what_is_there() {
    let built = of(Topology::Unordered, 64, (1_000, Some(8)));
    assert_eq!(built.root.len(), 64);
    assert!((8..=10).contains(&built.calls.len()), "{:?}", sizes(&built));
    assert_eq!(sizes(&of(Topology::Unordered, 64, (640, None))), [64]);
    // The first that are there: neighbours of nobody.
    let (mut waiting, leaves) = (Topology::Unordered.begin(1_000, FanIn::new(2)), equal(0..9));
    (0..9).for_each(|it| waiting.push(it));
    for n in [8, 2, 5, 0, 7] {
        waiting.leaf_answered(n, &leaves[n as usize].0, 10);
    }
    let groups = std::iter::from_fn(|| Topology::Unordered.next_group(&mut waiting));
    let groups: Vec<_> = groups.map(|it| it.items).collect();
    assert_eq!(groups, [[0, 2], [5, 7]]);
}

#[test]
fn each_factor_is_a_level() {
    for (number, height) in [(0, 0), (1, 0), (4, 1), (12, 1), (32, 2), (64, 3), (65, 0)] {
        let node = Node {
            digest: Some([number, 7]),
            ..Node::default()
        };
        for level in 0..40 {
            assert_eq!(ends(&node, level, 3), Some(height > level), "{number}");
        }
    }
    assert_eq!(ends(&Node::default(), 0, 3), None);
}

#[test]
fn a_group_has_room_for_two() {
    assert_eq!(FanIn::new(1), None);
    assert!(FanIn::new(2).is_some());
}
