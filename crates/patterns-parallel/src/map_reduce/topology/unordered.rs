//! Combines whatever answers are there, as they come.

use std::collections::{BTreeMap, BTreeSet};

use super::shape::{FanIn, Place, ReduceGroup, Shape, ShapeEnd};

/// Combines what is there, the least combined first.
#[derive(Debug)]
pub(super) struct Unordered {
    budget: u64,
    fan_in: FanIn,
    is_complete: bool,
    /// Leaves that are not answered.
    open: BTreeSet<Place>,
    /// Answers that wait to be combined.
    waiting: BTreeMap<Place, Item>,
    /// Combinations under way: how many levels are in them.
    combining: BTreeMap<Place, usize>,
    /// All leaves that were answered.
    leaves: u64,
    tokens: u64,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    size: u64,
    depth: usize,
}

impl Unordered {
    pub(super) fn new(budget: u64, fan_in: FanIn) -> Self {
        Self {
            budget,
            fan_in,
            is_complete: false,
            open: BTreeSet::new(),
            waiting: BTreeMap::new(),
            combining: BTreeMap::new(),
            leaves: 0,
            tokens: 0,
        }
    }

    /// Returns what is combined next, if anything is to be combined yet.
    fn next_items(&self) -> Option<Vec<Place>> {
        let is_last = self.is_complete && self.open.is_empty() && self.combining.is_empty();
        let is_small = self.leaves <= u64::from(self.fan_in.whole) && self.tokens <= self.budget;
        // As long as it may all go into one call, nothing is combined before.
        if is_small && !is_last || self.waiting.is_empty() || self.end().is_some() {
            return None;
        }
        let sum = self.waiting.values().map(|it| u128::from(it.size)).sum();
        let fits = u128::from(self.budget) >= sum;
        let most = if is_small {
            self.fan_in.whole
        } else {
            self.fan_in.cap
        };
        if is_last && (self.waiting.len() == 1 || (fits && self.waiting.len() <= most as usize)) {
            return Some(self.waiting.keys().copied().collect());
        }
        let mean = self.fan_in.mean as usize;
        let is_enough = self.waiting.len() >= mean || !fits;
        // What is still to come goes into the last call, together with what waits.
        let left = self.waiting.len() + self.open.len() + self.combining.len();
        let is_nearly_last = self.is_complete && !is_last && left <= self.fan_in.cap as usize;
        if !(is_enough || is_last) || is_nearly_last {
            return None;
        }
        self.least_combined(mean)
    }

    /// Returns at least two items that fit together, the least combined first.
    fn least_combined(&self, most: usize) -> Option<Vec<Place>> {
        let by = |key: fn(&Item) -> (usize, u64)| {
            let mut places: Vec<(Place, Item)> =
                self.waiting.iter().map(|(&p, &i)| (p, i)).collect();
            places.sort_by_key(|(place, item)| (key(item), *place));
            let mut sum = 0_u64;
            let mut items = Vec::new();
            for (place, item) in places {
                let more = sum.saturating_add(item.size);
                if items.len() < most && more <= self.budget {
                    sum = more;
                    items.push(place);
                }
            }
            items.sort();
            (items.len() > 1).then_some(items)
        };
        by(|it| (it.depth, 0)).or_else(|| by(|it| (0, it.size)))
    }
}

impl Shape for Unordered {
    fn push(&mut self, leaf: Place) {
        self.open.insert(leaf);
    }

    fn leaf_answered(&mut self, leaf: Place, _name: &[u8; 32], size: u64) {
        self.open.remove(&leaf);
        self.leaves += 1;
        self.tokens = self.tokens.saturating_add(size);
        self.waiting.insert(leaf, Item { size, depth: 0 });
    }

    fn leaf_failed(&mut self, leaf: Place) {
        self.open.remove(&leaf);
    }

    fn group_answered(&mut self, place: Place, size: u64) {
        if let Some(depth) = self.combining.remove(&place) {
            self.waiting.insert(place, Item { size, depth });
        }
    }

    fn finish(&mut self) {
        self.is_complete = true;
    }

    fn next_group(&mut self) -> Option<ReduceGroup> {
        let items = self.next_items()?;
        let place = *items.last()?;
        let below = items.iter().filter_map(|at| self.waiting.remove(at));
        let level = below.map(|it| it.depth).max().unwrap_or(0);
        self.combining.insert(place, level + 1);
        Some(ReduceGroup {
            place,
            items,
            level,
        })
    }

    fn end(&self) -> Option<ShapeEnd> {
        if !self.is_complete || !self.open.is_empty() || !self.combining.is_empty() {
            return None;
        }
        let mut waiting = self.waiting.iter();
        match (waiting.next(), waiting.next()) {
            (None, _) => None,
            (Some((&place, item)), None) => (item.depth > 0).then_some(ShapeEnd::Root(place)),
            (Some(_), Some(_)) => match self.least_combined(self.fan_in.mean as usize) {
                None => Some(ShapeEnd::DoesNotFit),
                Some(_) => None,
            },
        }
    }
}
