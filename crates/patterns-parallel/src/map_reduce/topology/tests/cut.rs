//! Neighbours are cut where their content says, within budget and cap.

use proptest::prelude::*;

use crate::map_reduce::topology::reduce_tree::{Part, cut};

fn check(parts: &[(u64, u64)], budget: u64, cap: usize, expected: &[(usize, usize)]) {
    let parts: Vec<Part> = parts
        .iter()
        .map(|&(size, priority)| Part { size, priority })
        .collect();
    let groups = cut(&parts, budget, cap);
    let groups: Vec<(usize, usize)> = groups.iter().map(|it| (it.start, it.end)).collect();
    assert_eq!(groups, expected, "{parts:?}");
}

#[test]
fn what_is_too_large_is_cut_where_its_content_says() {
    check(&[], 10, 4, &[(0, 0)]);
    check(&[(99, 1)], 10, 4, &[(0, 1)]);
    check(&[(1, 5), (1, 9), (1, 7), (1, 8)], 10, 4, &[(0, 4)]);
    check(&[(1, 5), (1, 9), (1, 7), (1, 8)], 10, 3, &[(0, 2), (2, 4)]);
    check(
        &[(1, 5), (1, 9), (1, 7), (1, 8)],
        1,
        3,
        &[(0, 1), (1, 2), (2, 3), (3, 4)],
    );
    check(
        &[(5, 9), (5, 1), (5, 2), (1, 0)],
        10,
        4,
        &[(0, 1), (1, 3), (3, 4)],
    );
}

#[test]
fn equal_documents_are_cut_in_the_middle() {
    check(&[(1, 7); 8], 10, 3, &[(0, 2), (2, 4), (4, 6), (6, 8)]);
}

#[test]
fn where_cuts_part_all_that_fits_it_is_put_together() {
    // Cut in the middle first, no two are left that fit.
    check(&[(60, 1), (40, 9), (40, 2)], 80, 4, &[(0, 1), (1, 3)]);
    let parts = [(80, 1), (9, 8), (9, 9), (9, 1), (80, 0)];
    check(&parts, 80, 9, &[(0, 1), (1, 4), (4, 5)]);
    check(&parts, 80, 2, &[(0, 1), (1, 3), (3, 4), (4, 5)]);
}

#[test]
fn no_sum_overflows() {
    check(
        &[(u64::MAX, 1), (u64::MAX, 2)],
        u64::MAX - 1,
        4,
        &[(0, 1), (1, 2)],
    );
}

proptest! {
    #[test]
    fn every_item_is_in_one_group_and_groups_fit(
        parts in prop::collection::vec((0u64..50, 0u64..9), 1..60),
        budget in 0u64..200,
        cap in 2_usize..9,
    ) {
        let parts: Vec<Part> = parts.into_iter().map(|(size, priority)| Part { size, priority }).collect();
        let groups = cut(&parts, budget, cap);
        let covered: Vec<usize> = groups.iter().cloned().flatten().collect();
        prop_assert_eq!(covered, (0..parts.len()).collect::<Vec<_>>());
        for group in &groups {
            let sum: u64 = parts[group.clone()].iter().map(|it| it.size).sum();
            prop_assert!(group.len() == 1 || (sum <= budget && group.len() <= cap));
        }
        let fits = parts.windows(2).any(|pair| pair[0].size + pair[1].size <= budget);
        prop_assert_eq!(groups.len() < parts.len(), fits);
    }
}
