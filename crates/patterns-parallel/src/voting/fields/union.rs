//! Decides a list: the union of the items that enough ballots have.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use patterns_core::SchemaView;
use serde_json::Value;

use super::leaf::{FieldRuling, ranked};
use crate::canonical::canonical;
use crate::voting::rules::count::most_frequent;
use crate::voting::rules::{Decision, Share};

/// All that ballots have, one entry per item.
#[derive(Default)]
struct Items<'a> {
    spellings: Vec<Vec<&'a Value>>,
    places: HashMap<String, usize>,
}

/// Decides a list: the items win that enough of the ballots have, in the order first seen. What a ballot
/// repeats counts once. Ballots that are no lists have been counted elsewhere.
pub(super) fn union(
    needed: Share,
    ballots: &[Option<&Value>],
    shape: &SchemaView<'_>,
) -> FieldRuling {
    let lists: Vec<&Vec<Value>> = ballots
        .iter()
        .flatten()
        .filter_map(|it| it.as_array())
        .collect();
    let mut items = Items::default();
    let sets: Vec<HashSet<usize>> = lists.iter().map(|list| items.add(list)).collect();
    let (least, most) = shape.item_bounds();
    let chosen = items.chosen(needed, lists.len(), most);
    let chosen_set: HashSet<usize> = chosen.iter().copied().collect();
    let value = chosen
        .iter()
        .filter_map(|it| most_frequent(items.spellings[*it].iter().copied()).cloned());
    let decision = match chosen.len() >= least {
        true => Decision::Won,
        false => Decision::ThresholdMissed,
    };
    let votes = sets.iter().filter(|it| **it == chosen_set).count();
    let agreement = sets.iter().map(|it| items.agreement(it, &chosen_set));
    let value = Some(value.collect());
    FieldRuling {
        agreement: agreement.sum(),
        counts: ranked(&items.spellings),
        ..FieldRuling::new(value, decision, votes as u64, lists.len())
    }
}

impl<'a> Items<'a> {
    /// Adds one ballot's list and returns the places of its items.
    fn add(&mut self, list: &'a [Value]) -> HashSet<usize> {
        let mut places = HashSet::new();
        for item in list {
            let key = canonical(item);
            let place = *self.places.entry(key).or_insert(self.spellings.len());
            if place == self.spellings.len() {
                self.spellings.push(Vec::new());
            }
            if places.insert(place) {
                self.spellings[place].push(item);
            }
        }
        places
    }

    /// Returns in how many of all items, as a share, a ballot agrees that they are in or out.
    fn agreement(&self, ballot: &HashSet<usize>, chosen: &HashSet<usize>) -> f64 {
        let all = self.spellings.len().max(1) as f64;
        1.0 - ballot.symmetric_difference(chosen).count() as f64 / all
    }

    /// Returns the places of the items that enough of the ballots have, in the order first seen;
    /// if the schema allows fewer, those with the most votes.
    fn chosen(&self, needed: Share, total: usize, most: usize) -> Vec<usize> {
        let votes = |place: &usize| self.spellings[*place].len();
        let is_in = |place: &usize| needed.is_met(votes(place) as f64, total as f64);
        let mut chosen: Vec<usize> = (0..self.spellings.len()).filter(is_in).collect();
        chosen.sort_by_key(|place| Reverse(votes(place)));
        chosen.truncate(most);
        chosen.sort_unstable();
        chosen
    }
}
