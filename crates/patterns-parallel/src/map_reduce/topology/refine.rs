//! Adds answers to the combination so far, one after the other.

use std::collections::BTreeMap;

use super::shape::{Place, ReduceGroup, Shape, ShapeEnd};

/// Adds leaves to the combination so far, in order.
#[derive(Debug)]
pub(super) struct Refine {
    budget: u64,
    /// The most items of one call, the combination so far included.
    most: usize,
    is_complete: bool,
    /// How large the leaves are that were not yet added; `None` if not answered.
    leaves: BTreeMap<Place, Option<u64>>,
    /// The combination so far, and how large it is.
    so_far: Option<(Place, u64)>,
    /// How many calls have been made; each is a level above the one before.
    calls: usize,
    is_combining: bool,
}

impl Refine {
    pub(super) fn new(budget: u64, most: u32) -> Self {
        Self {
            budget,
            most: most.max(2) as usize,
            is_complete: false,
            leaves: BTreeMap::new(),
            so_far: None,
            calls: 0,
            is_combining: false,
        }
    }

    /// Returns the leaves of the next call; `None` while it may become larger.
    ///
    /// Whether another one fits is known when it is answered, so a call does not depend on what
    /// was answered when.
    fn next_leaves(&self) -> Option<Vec<Place>> {
        let room = self.most - usize::from(self.so_far.is_some());
        let mut sum = self.so_far.map_or(0, |(_, size)| size);
        let mut leaves = Vec::new();
        for (&place, &size) in &self.leaves {
            if leaves.len() == room {
                return Some(leaves);
            }
            sum = sum.saturating_add(size?);
            // The first one has nothing to be combined with that could be smaller.
            let is_first = leaves.is_empty() && self.so_far.is_none();
            if sum > self.budget && !is_first {
                return Some(leaves);
            }
            leaves.push(place);
        }
        (self.is_complete || leaves.len() == room).then_some(leaves)
    }
}

impl Shape for Refine {
    fn push(&mut self, leaf: Place) {
        self.leaves.insert(leaf, None);
    }

    fn leaf_answered(&mut self, leaf: Place, _name: &[u8; 32], size: u64) {
        self.leaves.insert(leaf, Some(size));
    }

    fn leaf_failed(&mut self, leaf: Place) {
        self.leaves.remove(&leaf);
    }

    fn group_answered(&mut self, place: Place, size: u64) {
        self.so_far = Some((place, size));
        self.is_combining = false;
    }

    fn finish(&mut self) {
        self.is_complete = true;
    }

    fn next_group(&mut self) -> Option<ReduceGroup> {
        if self.is_combining {
            return None;
        }
        let leaves = self.next_leaves()?;
        let place = *leaves.last()?;
        for leaf in &leaves {
            self.leaves.remove(leaf);
        }
        self.is_combining = true;
        self.calls += 1;
        let before = self.so_far.map(|it| it.0);
        Some(ReduceGroup {
            place,
            items: before.into_iter().chain(leaves).collect(),
            level: self.calls - 1,
        })
    }

    fn end(&self) -> Option<ShapeEnd> {
        if !self.is_complete || self.is_combining {
            return None;
        }
        match self.leaves.is_empty() {
            true => self.so_far.map(|it| ShapeEnd::Root(it.0)),
            // There is room for none of those that are left.
            false => self
                .next_leaves()?
                .is_empty()
                .then_some(ShapeEnd::DoesNotFit),
        }
    }
}
