//! The state machine of the reduce tree: leaves go in, groups come out as soon as they are known.

use std::collections::{BTreeMap, VecDeque};

use super::FanIn;
use super::node::{Level, Node};

/// The number of a leaf in document order; a combination has that of its last leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub u64);

/// Neighbours to combine in one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReduceGroup {
    /// Where the combination belongs: the place of the last item.
    pub place: Place,
    /// The items, in order: leaves, or combinations made before.
    pub items: Vec<Place>,
    /// How many levels of combinations are below; 0 if all items are leaves.
    pub level: usize,
}

/// How a tree ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeEnd {
    /// The combination at this place covers everything.
    Root(Place),
    /// No leaf was left.
    Empty,
    /// No two neighbours fit the budget together, so there is no way on.
    DoesNotFit,
}

/// Decides which neighbours are combined, as leaves and combinations are answered.
///
/// Groups end where the leaves' own digests say so, as in a skip list: a leaf is `h` high if its
/// digest is divisible by the mean fan-in to the power of `h`, and ends groups at the `h` lowest
/// levels. So a change of one leaf changes one group per level as a rule, an inserted or a removed
/// one two at most, and the others stay as they were; with rare digests it is a few more. What
/// exceeds the budget or the cap is cut again by content; a level that fits into one call as a
/// whole is one.
///
/// It does no work itself and holds only what still waits for its neighbours. Leaves are announced
/// in order and answered in any; the groups never depend on the order of the answers. A failed
/// leaf is left out as if it had never been there.
///
/// A hundred thousand answers need some hundred places as long as a group is cut by digests; many
/// documents that are the same, or a budget of two or three answers, need more.
///
/// ```
/// use patterns_parallel::{FanIn, ReduceTree, TreeEnd};
///
/// let mut tree = ReduceTree::new(1_000, FanIn::default());
/// let leaves = ["a", "b", "c"].map(|_| tree.push());
/// tree.finish();
/// for (leaf, text) in leaves.into_iter().zip(["red", "green", "blue"]) {
///     let mut digest = [0; 32];
///     digest[..text.len()].copy_from_slice(text.as_bytes()); // BLAKE3, in earnest
///     tree.leaf_answered(leaf, &digest, 20);
/// }
/// let group = tree.next_group().expect("three small answers go into one call");
/// assert_eq!((group.items.as_slice(), group.level), (&leaves[..], 0));
/// tree.group_answered(group.place, 15);
/// assert_eq!(tree.end(), Some(TreeEnd::Root(group.place)));
/// ```
#[derive(Debug)]
pub struct ReduceTree {
    pub(super) budget: u64,
    pub(super) fan_in: FanIn,
    pub(super) pushed: u64,
    pub(super) is_complete: bool,
    /// All that is not yet in a group. Its last leaf orders a node, so a boundary stays visible
    /// to its neighbours while what lies before it moves up.
    pub(super) frontier: BTreeMap<Place, Node>,
    pub(super) levels: Vec<Level>,
    pub(super) ready: VecDeque<ReduceGroup>,
    /// Places whose groups may now be known.
    pub(super) touched: Vec<Place>,
    pub(super) does_not_fit: bool,
}

impl ReduceTree {
    /// Begins a tree whose groups have at most `budget` tokens, if they have more than one item.
    pub fn new(budget: u64, fan_in: FanIn) -> Self {
        Self {
            budget,
            fan_in,
            pushed: 0,
            is_complete: false,
            frontier: BTreeMap::new(),
            levels: Vec::new(),
            ready: VecDeque::new(),
            touched: Vec::new(),
            does_not_fit: false,
        }
    }

    /// Announces the next leaf.
    pub fn push(&mut self) -> Place {
        let place = Place(self.pushed);
        self.pushed += 1;
        self.frontier.insert(place, Node::default());
        place
    }

    /// Takes the answer to a leaf: a digest of what the leaf is about, and how many tokens the
    /// answer has. The first 16 bytes of the digest shape the tree; they should look random.
    pub fn leaf_answered(&mut self, leaf: Place, digest: &[u8; 32], size: u64) {
        let identity = self.fan_in.identify(digest);
        let Some(node) = self.frontier.get_mut(&leaf) else {
            return;
        };
        node.identity = Some(identity);
        node.size = Some(size);
        self.arrive(0, 1, size);
        self.touch_around(leaf);
        self.advance();
    }

    /// Leaves out a leaf that has failed.
    pub fn leaf_failed(&mut self, leaf: Place) {
        self.frontier.remove(&leaf);
        self.touch_around(leaf);
        self.advance();
    }

    /// Takes the answer to a group: how many tokens it has.
    pub fn group_answered(&mut self, place: Place, size: u64) {
        let Some(node) = self.frontier.get_mut(&place) else {
            return;
        };
        node.size = Some(size);
        let level = node.level;
        self.arrive(level, 0, size);
        self.touched.push(place);
        self.advance();
    }

    /// Says that no leaf will be pushed any more.
    pub fn finish(&mut self) {
        self.is_complete = true;
        self.touched.extend(self.frontier.keys().next_back());
        self.advance();
    }

    /// Returns a group that can be combined now. Each is returned once.
    pub fn next_group(&mut self) -> Option<ReduceGroup> {
        self.ready.pop_front()
    }

    /// Returns how the tree has ended; `None` while it has not.
    pub fn end(&self) -> Option<TreeEnd> {
        if self.does_not_fit {
            return Some(TreeEnd::DoesNotFit);
        }
        if !self.is_complete || self.frontier.len() > 1 {
            return None;
        }
        match self.frontier.first_key_value() {
            None => Some(TreeEnd::Empty),
            Some((&place, node)) => {
                (node.depth > 0 && node.size.is_some()).then_some(TreeEnd::Root(place))
            }
        }
    }

    /// Returns how many leaves and combinations are held.
    pub fn frontier_len(&self) -> usize {
        self.frontier.len()
    }
}
