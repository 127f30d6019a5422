//! Trees over random documents: whole, bounded, and little changed by a change.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// A node: the documents under it, each with its version, and the level it was made on.
type Node = Vec<(u64, u32)>;

/// Builds the whole tree over documents (a name and a version each); every answer is as large.
/// Returns the nodes that were made by calls, and the number of levels.
fn build(documents: &[(u64, u32)], size: u64, budget: u64, fan_in: u64) -> (HashSet<Node>, usize) {
    let mut level: Vec<Node> = documents.iter().map(|it| vec![*it]).collect();
    let mut made = HashSet::new();
    for n in 0.. {
        let items: Vec<Leaf> = level
            .iter()
            .map(|node| Leaf {
                identity: identity(&node[node.len() - 1].0.to_string()),
                size,
            })
            .collect();
        let groups = group(&items, n, budget, fan_in).expect("two of them fit");
        let is_last = groups.len() == 1;
        level = groups
            .into_iter()
            .map(|range| {
                let node = level[range.clone()].concat();
                if range.len() > 1 {
                    made.insert(node.clone());
                }
                node
            })
            .collect();
        if is_last {
            return (made, n + 1);
        }
    }
    unreachable!("it ends with one group")
}

fn levels(documents: usize, fan_in: u64) -> usize {
    ((documents as f64).ln() / (fan_in as f64).ln()).ceil() as usize
}

#[derive(Clone, Copy, Debug)]
enum Edit {
    Change,
    Insert,
    Remove,
}

proptest! {
    #[test]
    fn groups_cover_everything_and_fit(
        sizes in prop::collection::vec(0_u64..40, 0..200),
        salt in any::<u64>(),
        budget in 20_u64..200,
        fan_in in 2_u64..12,
        level in 0_usize..4,
    ) {
        let items: Vec<Leaf> = sizes
            .iter()
            .enumerate()
            .map(|(n, size)| Leaf { identity: identity(&format!("{salt} {n}")), size: *size })
            .collect();
        let Some(groups) = group(&items, level, budget, fan_in) else {
            let fits = sizes.windows(2).any(|pair| pair[0] + pair[1] <= budget);
            prop_assert!(!fits, "two neighbours fit, so progress was possible");
            return Ok(());
        };
        let covered: Vec<usize> = groups.iter().cloned().flatten().collect();
        prop_assert_eq!(covered, (0..sizes.len()).collect::<Vec<_>>());
        for range in &groups {
            let sum: u64 = sizes[range.clone()].iter().sum();
            prop_assert!(range.len() == 1 || sum <= budget);
        }
        prop_assert!(sizes.len() < 2 || groups.len() < sizes.len());
    }

    #[test]
    fn an_edit_changes_its_own_path_and_little_else(
        count in 20_usize..1_500,
        salt in 0_u64..1_000_000,
        place in any::<prop::sample::Index>(),
        edit in prop::sample::select(vec![Edit::Change, Edit::Insert, Edit::Remove]),
        fan_in in 3_u64..12,
    ) {
        let mut documents: Vec<(u64, u32)> =
            (0..count as u64).map(|n| (salt * 10_000 + n, 0)).collect();
        let budget = 10 * 2 * fan_in;
        let (before, depth) = build(&documents, 10, budget, fan_in);
        let place = place.index(count);
        match edit {
            Edit::Change => documents[place].1 = 1,
            Edit::Insert => documents.insert(place, (u64::MAX - salt, 0)),
            Edit::Remove => drop(documents.remove(place)),
        }
        let (after, _) = build(&documents, 10, budget, fan_in);
        let new = after.difference(&before).count();
        let bound = match edit {
            // The names are the same, and so is the shape.
            Edit::Change => depth,
            Edit::Insert | Edit::Remove => 2 * levels(count, fan_in) + 2,
        };
        prop_assert!(new <= bound, "{new} new nodes, {bound} expected");
        prop_assert!(depth <= levels(count, fan_in) + 4, "{depth} levels");
    }
}

#[test]
fn a_thousand_documents_cost_few_calls_after_an_edit() {
    // The mean over many edits is far below the bound.
    let documents: Vec<(u64, u32)> = (0..1_000).map(|n| (n, 0)).collect();
    let (before, _) = build(&documents, 10, 160, 8);
    let news = (0..1_000).map(|n| {
        let mut edited = documents.clone();
        edited.remove(n);
        build(&edited, 10, 160, 8).0.difference(&before).count()
    });
    let news: Vec<usize> = news.collect();
    let mean = news.iter().sum::<usize>() as f64 / 1_000.0;
    let most = news.iter().max().copied().unwrap_or_default();
    assert!(mean < 5.0, "{mean}");
    assert!(most <= 2 * levels(1_000, 8) + 2, "{most}");
}

#[test]
fn all_that_fits_in_one_call_is_combined_in_one() {
    let items = [Leaf {
        identity: 0,
        size: 5,
    }; 20];
    let groups = |count: usize, budget| group(&items[..count], 0, budget, 2).map(|it| it.len());
    assert_eq!((groups(20, 100), groups(1, 1)), (Some(1), Some(1)));
    assert_eq!(group(&[], 0, 1, 2), Some(vec![]));
}
