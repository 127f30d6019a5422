//! Groups neighbouring items so that each group fits a token budget: the shape of a reduce level.

use std::ops::Range;

/// Returns consecutive groups that cover all of `sizes`, in order, each within `budget`.
///
/// There are as few groups as possible, and among those the largest is as small as possible, so
/// that the calls of a level are about equally long. A group of one needs no call and passes up.
/// Returns `None` if no two neighbours fit together, because then no level can make progress.
///
/// ```
/// use patterns_parallel::pack;
///
/// assert_eq!(pack(&[3, 3, 3, 3], 100), Some(vec![0..4]));
/// assert_eq!(pack(&[3, 3, 3, 3], 10), Some(vec![0..2, 2..4]));
/// assert_eq!(pack(&[60, 60], 100), None);
/// ```
pub fn pack(sizes: &[u64], budget: u64) -> Option<Vec<Range<usize>>> {
    if sizes.len() < 2 {
        return Some(
            std::iter::once(0..sizes.len())
                .filter(|it| !it.is_empty())
                .collect(),
        );
    }
    let fewest = greedy(sizes, budget).len();
    // The least capacity that still needs no more groups; greedy packing is monotone in it.
    let (mut low, mut high) = (0, budget);
    while low < high {
        let middle = low + (high - low) / 2;
        if greedy(sizes, middle).len() <= fewest {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let groups = greedy(sizes, low);
    (groups.len() < sizes.len()).then_some(groups)
}

/// Fills groups in order; an item larger than `capacity` gets a group of its own.
fn greedy(sizes: &[u64], capacity: u64) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut filled = 0u64;
    for (n, &size) in sizes.iter().enumerate() {
        let sum = filled.saturating_add(size);
        match groups.last_mut() {
            Some(group) if sum <= capacity => {
                group.end = n + 1;
                filled = sum;
            }
            _ => {
                groups.push(n..n + 1);
                filled = size;
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn groups_are_few_and_even() {
        assert_eq!(pack(&[], 10), Some(vec![]));
        assert_eq!(pack(&[99], 10).map(|groups| groups.len()), Some(1));
        assert_eq!(pack(&[1; 10], 9), Some(vec![0..5, 5..10]));
        assert_eq!(pack(&[1; 10], 4), Some(vec![0..4, 4..8, 8..10]));
        assert_eq!(pack(&[5, 5, 99, 1, 1], 10), Some(vec![0..2, 2..3, 3..5]));
        assert_eq!(pack(&[99, 99], 10), None);
        assert_eq!(pack(&[u64::MAX, u64::MAX], u64::MAX - 1), None);
    }

    proptest! {
        #[test]
        fn every_item_is_in_one_group_and_groups_fit(
            sizes in prop::collection::vec(0u64..50, 0..60),
            budget in 0u64..200,
        ) {
            let Some(groups) = pack(&sizes, budget) else {
                let fits = sizes.windows(2).any(|pair| pair[0] + pair[1] <= budget);
                prop_assert!(!fits, "two neighbours fit, so progress was possible");
                return Ok(());
            };
            let covered: Vec<usize> = groups.iter().cloned().flatten().collect();
            prop_assert_eq!(covered, (0..sizes.len()).collect::<Vec<_>>());
            for group in &groups {
                let sum: u64 = sizes[group.clone()].iter().sum();
                prop_assert!(group.len() == 1 || sum <= budget);
            }
            prop_assert!(sizes.len() < 2 || groups.len() < sizes.len());
            prop_assert_eq!(groups.len(), greedy(&sizes, budget).len());
        }
    }
}
