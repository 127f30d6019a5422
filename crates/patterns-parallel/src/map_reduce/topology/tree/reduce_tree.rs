//! The state machine of the reduce tree: leaves go in, groups come out as soon as they are known.

use std::collections::{BTreeMap, VecDeque};

use super::FanIn;
use super::node::{Level, Node};
use crate::map_reduce::topology::{Place, ReduceGroup, Shape, ShapeEnd};

/// Decides which neighbours are combined, as leaves and combinations are answered.
///
/// A change of one leaf changes one group per level as a rule, an inserted or a removed one two at
/// most, and the others stay as they were; with rare digests it is a few more.
///
/// The groups never depend on the order of the answers. A hundred thousand answers need some
/// hundred places as long as a group is cut by digests; a budget of two or three answers needs more.
#[derive(Debug)]
pub(crate) struct ReduceTree {
    pub(super) budget: u64,
    pub(super) fan_in: FanIn,
    pub(super) pushed: u64,
    pub(super) is_complete: bool,
    /// All that is not yet in a group. Its last leaf orders a node, so a boundary stays visible
    /// to its neighbours while what lies before it moves up.
    pub(super) frontier: BTreeMap<Place, Node>,
    /// How many of them are not answered.
    pub(super) unanswered: usize,
    pub(super) levels: Vec<Level>,
    pub(super) ready: VecDeque<ReduceGroup>,
    /// Places whose groups may now be known.
    pub(super) touched: Vec<Place>,
    pub(super) does_not_fit: bool,
}

impl ReduceTree {
    /// Begins a tree whose groups have at most `budget` tokens, if they have more than one item.
    pub(crate) fn new(budget: u64, fan_in: FanIn) -> Self {
        Self {
            budget,
            fan_in,
            pushed: 0,
            is_complete: false,
            frontier: BTreeMap::new(),
            unanswered: 0,
            levels: Vec::new(),
            ready: VecDeque::new(),
            touched: Vec::new(),
            does_not_fit: false,
        }
    }
}

impl Shape for ReduceTree {
    fn push(&mut self) -> Place {
        let place = Place(self.pushed);
        self.pushed += 1;
        self.frontier.insert(place, Node::default());
        self.unanswered += 1;
        place
    }

    fn leaf_answered(&mut self, leaf: Place, name: &[u8; 32], size: u64) {
        let identity = self.fan_in.identify(name);
        let Some(node) = self.frontier.get_mut(&leaf) else {
            return;
        };
        node.identity = Some(identity);
        node.size = Some(size);
        self.unanswered -= 1;
        self.arrive(0, 1, size);
        self.touch_around(leaf);
        self.advance();
    }

    fn leaf_failed(&mut self, leaf: Place) {
        if self.frontier.remove(&leaf).is_some() {
            self.unanswered -= 1;
        }
        self.touch_around(leaf);
        self.advance();
    }

    fn group_answered(&mut self, place: Place, size: u64) {
        let Some(node) = self.frontier.get_mut(&place) else {
            return;
        };
        node.size = Some(size);
        self.unanswered -= 1;
        let level = node.level;
        self.arrive(level, 0, size);
        self.touched.push(place);
        self.advance();
    }

    fn finish(&mut self) {
        self.is_complete = true;
        self.touched.extend(self.frontier.keys().next_back());
        self.advance();
    }

    fn next_group(&mut self) -> Option<ReduceGroup> {
        self.ready.pop_front()
    }

    fn end(&self) -> Option<ShapeEnd> {
        if self.does_not_fit {
            return Some(ShapeEnd::DoesNotFit);
        }
        if !self.is_complete || self.frontier.len() > 1 {
            return None;
        }
        match self.frontier.first_key_value() {
            None => Some(ShapeEnd::Empty),
            Some((&place, node)) => {
                (node.depth > 0 && node.size.is_some()).then_some(ShapeEnd::Root(place))
            }
        }
    }
}
