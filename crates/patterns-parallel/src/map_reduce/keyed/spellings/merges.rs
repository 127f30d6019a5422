//! Which keys mean the same, and under which name they go.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::KeyCount;

/// Keys that go under the name of another one.
///
/// What is the same as a third is the same as each other: pairs are joined into classes (union and
/// find). A class is named by the key with the most rows; of equal ones by the longest, which has
/// the most to say, and else by the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyMerges {
    pub(super) names: BTreeMap<String, String>,
}

impl KeyMerges {
    /// Joins pairs of keys, given as places in the list. Pairs of places that there are not are left out.
    pub(crate) fn new(keys: &[KeyCount], pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut parents: Vec<usize> = (0..keys.len()).collect();
        for (a, b) in pairs {
            if a < keys.len() && b < keys.len() {
                let (a, b) = (root(&mut parents, a), root(&mut parents, b));
                parents[a.max(b)] = a.min(b);
            }
        }
        let mut classes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for place in 0..keys.len() {
            classes
                .entry(root(&mut parents, place))
                .or_default()
                .push(place);
        }
        let mut names = BTreeMap::new();
        for class in classes.values() {
            let rank = |it: &&usize| {
                let KeyCount { key, rows } = &keys[**it];
                (Reverse(*rows), Reverse(key.chars().count()), **it)
            };
            let Some(name) = class.iter().min_by_key(rank).map(|it| &keys[*it].key) else {
                continue;
            };
            let others = class
                .iter()
                .map(|it| &keys[*it].key)
                .filter(|it| *it != name);
            names.extend(others.map(|it| (it.clone(), name.clone())));
        }
        Self { names }
    }

    /// Returns the name that a key goes under, if it isn't its own.
    pub(crate) fn name_of(&self, key: &str) -> Option<&str> {
        self.names.get(key).map(String::as_str)
    }
}

/// Finds the root of a class and halves the way to it.
fn root(parents: &mut [usize], mut place: usize) -> usize {
    while parents[place] != place {
        parents[place] = parents[parents[place]];
        place = parents[place];
    }
    place
}
