//! The content-defined reduce tree: which neighbours are combined, so that a small edit stays cheap.
//!
//! Groups end where the documents themselves say so, not at every eighth place. A digest of a
//! document's name gives its *height*: `h` if the digest is divisible by a number (half as large
//! again as the mean fan-in) to the power of `h`, as in a skip list. At level `l` a group ends after
//! a leaf that is higher than `l`, and a combination inherits the height of its last leaf. An edit
//! in the middle thus changes the groups on its own path to the root and leaves the others as they
//! were, so that a store of answered calls pays for a path, not for everything to the right of the
//! edit.
//!
//! ```text
//! level 2                        ┌──────── root ────────┐
//! level 1          ┌─────────────┴──┐              ┌────┴───┐
//! level 0   a b c d¹ e f¹ g h i j k l² m n o¹ p q r s t¹ u v w    (heights above 0 as exponents)
//! ```
//!
//! Three rules are laid over this:
//!
//! * What exceeds the token budget or the cap of the fan-in is cut again, after the leaf with the
//!   highest *priority* (more bits of the digest), as a treap would; where that leaves no two
//!   neighbours together although some would fit, they are packed.
//! * What fits into one call as a whole is one call, so few documents take one.
//! * An item alone in its group passes up as it is: a call on one item would be for nothing.
//!
//! Identity is the name and not the text, so a changed text changes no shape. A property test bounds
//! the new nodes of an edit by 2⌈log_f n⌉ + 2; about one edit in three thousand needs the + 2.
//! Stretches are half as long again as the fan-in, because what is longer than twice the fan-in is cut:
//! with stretches as long as the fan-in, groups of "8" had 6.6 items, and the tree a level more now and
//! then. A tree ends with `DoesNotFit` when no two neighbours fit the budget, so every level makes
//! progress.

use std::collections::{BTreeMap, VecDeque};

use super::cut::{Part, cut};
use super::shape::{FanIn, Identity, Place, ReduceGroup, Shape, ShapeEnd};

/// Decides which neighbours are combined, as leaves and combinations are answered.
///
/// A change of one leaf changes one group per level as a rule, an inserted or a removed one two at
/// most, and the others stay as they were; with rare digests it is a few more.
///
/// The groups never depend on the order of the answers. A hundred thousand answers need some
/// hundred places as long as a group is cut by digests; a budget of two or three answers needs more.
#[derive(Debug)]
pub(super) struct ReduceTree {
    budget: u64,
    fan_in: FanIn,
    is_complete: bool,
    /// All that is not yet in a group. Its last leaf orders a node, so a boundary stays visible
    /// to its neighbours while what lies before it moves up.
    frontier: BTreeMap<Place, Node>,
    /// How many of them are not answered.
    unanswered: usize,
    levels: Vec<Level>,
    ready: VecDeque<ReduceGroup>,
    /// Places whose groups may now be known.
    touched: Vec<Place>,
    does_not_fit: bool,
}

impl ReduceTree {
    /// Begins a tree whose groups have at most `budget` tokens, if they have more than one item.
    pub(super) fn new(budget: u64, fan_in: FanIn) -> Self {
        Self {
            budget,
            fan_in,
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
    fn push(&mut self, leaf: Place) {
        self.frontier.insert(leaf, Node::default());
        self.unanswered += 1;
    }

    fn leaf_answered(&mut self, leaf: Place, name: &[u8; 32], size: u64) {
        let Some(node) = self.frontier.get_mut(&leaf) else {
            return;
        };
        node.identity = Some(self.fan_in.identify(name));
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
        let (&place, node) = self.frontier.first_key_value()?;
        (node.depth > 0 && node.size.is_some()).then_some(ShapeEnd::Root(place))
    }
}

impl ReduceTree {
    /// Counts what comes to a level, and looks at all that waits there once it is too much for one
    /// call.
    fn arrive(&mut self, level: usize, count: u64, tokens: u64) {
        let was_large = self.is_large(level);
        if self.levels.len() <= level {
            self.levels.resize(level + 1, Level::default());
        }
        let sums = &mut self.levels[level];
        sums.count += count;
        sums.tokens = sums.tokens.saturating_add(tokens);
        if !was_large && self.is_large(level) {
            let nodes = self.frontier.iter();
            let waiting = nodes.filter(|(_, node)| node.level == level);
            self.touched.extend(waiting.map(|(&place, _)| place));
        }
    }

    /// Returns whether a level is too much for one call. As long as it is not, it may turn out to
    /// be the top.
    fn is_large(&self, level: usize) -> bool {
        let Level { count, tokens } = self.levels.get(level).copied().unwrap_or_default();
        count > u64::from(self.fan_in.whole) || tokens > self.budget
    }

    fn touch_around(&mut self, place: Place) {
        let before = self.frontier.range(..place).next_back();
        let after = self.frontier.range(place..).take(2);
        let around = before.into_iter().chain(after).map(|(&it, _)| it);
        self.touched.extend(around);
    }

    /// Forms all groups that are now known.
    fn advance(&mut self) {
        while let Some(place) = self.touched.pop() {
            if self.top() {
                continue;
            }
            if let Some(level) = self.frontier.get(&place).map(|node| node.level)
                && self.is_large(level)
                && let Some(segment) = self.segment(place, level)
            {
                self.group(&segment, level);
            }
        }
    }

    /// Forms the last group if all that is left is known and goes into one call. A leaf that is
    /// left alone gets its call, too: a combination is what the tree is to end with.
    fn top(&mut self) -> bool {
        let Some(level) = self.frontier.values().next().map(|node| node.level) else {
            return true;
        };
        let is_one = self.frontier.len() == 1;
        if !self.is_complete || (self.is_large(level) && !is_one) {
            return false;
        }
        // The count first: to look at all of them at each answer would take time with their square.
        if self.unanswered == 0
            && self.frontier.values().all(|node| node.waits_at(level))
            && self.end().is_none()
        {
            let all: Vec<Place> = self.frontier.keys().copied().collect();
            self.combine(&all, level);
        }
        is_one
    }

    /// Returns the neighbours of a node up to the ends of its group, if all of them are there.
    fn segment(&self, place: Place, level: usize) -> Option<Vec<Place>> {
        // The right side first: of answers that come in order it is the one that is missing.
        let right = self.up_to_the_end(place, level)?;
        let mut segment = Vec::new();
        for (&at, node) in self.frontier.range(..place).rev() {
            if node.ends(level)? {
                break;
            }
            if !node.waits_at(level) {
                return None;
            }
            segment.push(at);
        }
        segment.reverse();
        segment.extend(right);
        Some(segment)
    }

    /// Returns a node and those after it up to the end of its group.
    fn up_to_the_end(&self, place: Place, level: usize) -> Option<Vec<Place>> {
        let mut nodes = Vec::new();
        for (&at, node) in self.frontier.range(place..) {
            if !node.waits_at(level) {
                return None;
            }
            nodes.push(at);
            if node.ends(level)? {
                return Some(nodes);
            }
        }
        self.is_complete.then_some(nodes)
    }

    fn group(&mut self, segment: &[Place], level: usize) {
        let nodes = segment.iter().filter_map(|at| self.frontier.get(at));
        let parts: Vec<Part> = nodes
            .map(|node| Part {
                size: node.size.unwrap_or_default(),
                priority: node.identity.map_or(0, |it| it.priority(level)),
            })
            .collect();
        let groups = cut(&parts, self.budget, self.fan_in.cap as usize);
        let is_all = self.is_complete && segment.len() == self.frontier.len();
        if is_all && groups.len() == segment.len() {
            self.does_not_fit = true;
            return;
        }
        for group in groups {
            match segment[group] {
                [lone] => self.pass_up(lone),
                ref items => self.combine(items, level),
            }
        }
    }

    fn pass_up(&mut self, place: Place) {
        if let Some(node) = self.frontier.get_mut(&place) {
            node.level += 1;
            let (level, size) = (node.level, node.size.unwrap_or_default());
            self.arrive(level, 1, size);
            self.touched.push(place);
        }
    }

    fn combine(&mut self, items: &[Place], level: usize) {
        let Some(&place) = items.last() else {
            return;
        };
        let nodes: Vec<Node> = items
            .iter()
            .filter_map(|at| self.frontier.remove(at))
            .collect();
        let below = nodes.iter().map(|node| node.depth).max().unwrap_or(0);
        let combination = Node {
            level: level + 1,
            depth: below + 1,
            identity: nodes.last().and_then(|node| node.identity),
            size: None,
        };
        self.frontier.insert(place, combination);
        self.unanswered += 1;
        self.ready.push_back(ReduceGroup {
            place,
            items: items.to_vec(),
            level: below,
        });
        self.arrive(level + 1, 1, 0);
    }
}

/// What is known of an item that waits for its neighbours.
#[derive(Debug, Default)]
struct Node {
    /// The level at which it waits for its neighbours.
    level: usize,
    /// How many levels of combinations it has in it.
    depth: usize,
    /// Known of combinations and of answered leaves. (A leaf that may yet fail ends no group.)
    identity: Option<Identity>,
    /// Known when it is answered.
    size: Option<u64>,
}

impl Node {
    /// Returns whether a group at `level` ends here; `None` while that is open.
    fn ends(&self, level: usize) -> Option<bool> {
        self.identity.map(|it| it.height > level)
    }

    fn waits_at(&self, level: usize) -> bool {
        self.level == level && self.size.is_some()
    }
}

/// What has come to a level so far.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    count: u64,
    tokens: u64,
}
