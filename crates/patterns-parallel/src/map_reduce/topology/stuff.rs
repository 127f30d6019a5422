//! All answers in one call.

use std::collections::BTreeMap;

use super::{Place, ReduceGroup, Shape, ShapeEnd};

/// Waits for all leaves and combines them at once.
#[derive(Debug)]
pub(super) struct Stuff {
    budget: u64,
    pushed: u64,
    is_complete: bool,
    /// How large the leaves are that may yet be combined; `None` if not answered.
    leaves: BTreeMap<Place, Option<u64>>,
    ready: Option<ReduceGroup>,
    end: Option<ShapeEnd>,
}

impl Stuff {
    pub(super) fn new(budget: u64) -> Self {
        Self {
            budget,
            pushed: 0,
            is_complete: false,
            leaves: BTreeMap::new(),
            ready: None,
            end: None,
        }
    }

    fn advance(&mut self) {
        let sizes: Option<Vec<u64>> = self.leaves.values().copied().collect();
        let (true, Some(sizes)) = (self.is_complete, sizes) else {
            return;
        };
        let sum = sizes.iter().fold(0, |sum: u64, it| sum.saturating_add(*it));
        match self.leaves.keys().next_back() {
            None => self.end = self.end.or(Some(ShapeEnd::Empty)),
            // A lone answer has nowhere else to go.
            Some(_) if sizes.len() > 1 && sum > self.budget => {
                self.end = Some(ShapeEnd::DoesNotFit);
            }
            Some(&place) => {
                let items = std::mem::take(&mut self.leaves).into_keys().collect();
                let level = 0;
                self.ready = Some(ReduceGroup {
                    place,
                    items,
                    level,
                });
            }
        }
    }
}

impl Shape for Stuff {
    fn push(&mut self) -> Place {
        let place = Place(self.pushed);
        self.pushed += 1;
        self.leaves.insert(place, None);
        place
    }

    fn leaf_answered(&mut self, leaf: Place, _name: &[u8; 32], size: u64) {
        self.leaves.insert(leaf, Some(size));
        self.advance();
    }

    fn leaf_failed(&mut self, leaf: Place) {
        self.leaves.remove(&leaf);
        self.advance();
    }

    fn group_answered(&mut self, place: Place, _size: u64) {
        self.end = Some(ShapeEnd::Root(place));
    }

    fn finish(&mut self) {
        if !self.is_complete {
            self.is_complete = true;
            self.advance();
        }
    }

    fn next_group(&mut self) -> Option<ReduceGroup> {
        self.ready.take()
    }

    fn end(&self) -> Option<ShapeEnd> {
        self.end
    }
}
