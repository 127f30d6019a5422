//! Combines answers in the order in which they come.

use std::collections::BTreeMap;

use super::reduce_tree::ReduceTree;
use super::shape::{FanIn, Identity, Place, ReduceGroup, Shape, ShapeEnd};

/// A tree over the answers in the order in which they come, whose groups end after every so many: none of them
/// waits for a slow document. The items of a group are in document order, so that one call of all that there
/// is is the same call each time.
#[derive(Debug)]
pub(super) struct Unordered {
    tree: ReduceTree,
    mean: u64,
    is_complete: bool,
    /// Leaves that have not ended.
    open: u64,
    answered: u64,
    /// What waits or is being combined: its place in the tree, and that among the documents.
    places: BTreeMap<Place, Place>,
}

impl Unordered {
    pub(super) fn new(budget: u64, fan_in: FanIn) -> Self {
        Self {
            tree: ReduceTree::new(budget, fan_in),
            mean: fan_in.mean.into(),
            is_complete: false,
            open: 0,
            answered: 0,
            places: BTreeMap::new(),
        }
    }

    /// Tells the tree of its end once no further leaf will be answered.
    fn finish_tree(&mut self) {
        if self.is_complete && self.open == 0 {
            self.tree.finish();
        }
    }
}

impl Shape for Unordered {
    fn push(&mut self, _: Place) {
        self.open += 1;
    }

    fn leaf_answered(&mut self, leaf: Place, _: &[u8; 32], size: u64) {
        let place = Place(self.answered);
        self.places.insert(place, leaf);
        self.answered += 1;
        let mut rest = self.answered;
        let mut height = 0;
        while rest.is_multiple_of(self.mean) {
            rest /= self.mean;
            height += 1;
        }
        let priority = 0;
        self.tree.push(place);
        self.tree
            .answered(place, Identity { height, priority }, size);
        self.leaf_failed(leaf);
    }

    fn leaf_failed(&mut self, _: Place) {
        self.open -= 1;
        self.finish_tree();
    }

    fn group_answered(&mut self, place: Place, size: u64) {
        let known = self.places.iter().find(|it| *it.1 == place);
        if let Some((&in_tree, _)) = known {
            self.tree.group_answered(in_tree, size);
        }
    }

    fn finish(&mut self) {
        self.is_complete = true;
        self.finish_tree();
    }

    fn next_group(&mut self) -> Option<ReduceGroup> {
        let group = self.tree.next_group()?;
        let items = group.items.iter();
        let mut items: Vec<Place> = items.filter_map(|it| self.places.remove(it)).collect();
        items.sort();
        let place = *items.last()?;
        self.places.insert(group.place, place);
        Some(ReduceGroup {
            place,
            items,
            level: group.level,
        })
    }

    fn end(&self) -> Option<ShapeEnd> {
        match self.tree.end()? {
            ShapeEnd::Root(place) => self.places.get(&place).map(|it| ShapeEnd::Root(*it)),
            end => Some(end),
        }
    }
}
