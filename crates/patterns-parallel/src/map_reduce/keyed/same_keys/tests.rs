//! Names of classes, and classes whatever the order of the pairs.
use proptest::prelude::*;

use super::{KeyCount, merged_keys};

fn keys(names: &[&str]) -> Vec<KeyCount> {
    let key = |name: &&str| KeyCount {
        key: (*name).to_owned(),
        rows: 1,
    };
    names.iter().map(key).collect()
}

#[test]
fn a_class_is_named_by_its_most_frequent_key() {
    let mut keys = keys(&["NYC", "New York", "New York City", "Paris"]);
    keys[1].rows = 5;
    let merges = merged_keys(&keys, [(0, 1), (2, 1)], &[]).names;
    assert_eq!(merges["NYC"], "New York");
    assert_eq!(merges["New York City"], "New York");
    assert_eq!((merges.get("New York"), merges.get("Paris")), (None, None));
    keys[1].rows = 1;
    let merges = merged_keys(&keys, [(0, 1), (2, 1)], &[]).names;
    assert_eq!(merges["NYC"], "New York City");
}

#[test]
fn what_is_different_is_not_put_together_by_way_of_a_third() {
    let keys = keys(&["Ann Lee", "A. Lee", "Al Lee"]);
    let merges = merged_keys(&keys, [(0, 1), (1, 2)], &[(2, 0)]);
    assert_eq!(
        merges.names,
        [("A. Lee".to_owned(), "Ann Lee".to_owned())].into()
    );
    assert_eq!(merges.apart, [(1, 2)]);
}

proptest! {
    #[test]
    fn no_class_has_two_keys_that_are_different(
        same in prop::collection::vec((0..5usize, 0..5usize), 0..9),
        different in prop::collection::vec((0..5usize, 0..5usize), 0..9),
    ) {
        let keys = keys(&["a", "bb", "cc", "d", "e"]);
        let merges = merged_keys(&keys, same.clone(), &different);
        let name = |it: usize| merges.names.get(&keys[it].key).unwrap_or(&keys[it].key);
        for (a, b) in different.into_iter().filter(|it| it.0 != it.1) {
            prop_assert_ne!(name(a), name(b));
        }
        for pair in same {
            prop_assert!(name(pair.0) == name(pair.1) || merges.apart.contains(&pair));
        }
    }

    #[test]
    fn classes_do_not_depend_on_the_order_of_pairs(
        mut pairs in prop::collection::vec((0..8usize, 0..8usize), 0..12),
    ) {
        let keys = keys(&["a", "bb", "cc", "d", "e", "ff", "g", "h"]);
        let merges = merged_keys(&keys, pairs.clone(), &[]).names;
        pairs.reverse();
        let pairs = pairs.into_iter().map(|(a, b)| (b, a));
        prop_assert_eq!(&merged_keys(&keys, pairs, &[]).names, &merges);
        for name in merges.values() {
            prop_assert_eq!(merges.get(name), None, "a name goes under no other one");
        }
    }
}
