//! Keeps what waits to be combined, whatever the topology: leaves and combinations that are in no group yet.
//!
//! It holds only these, and does no work itself. Leaves are announced in order and answered in any. A failed
//! leaf is left out as if it had never been there.

use std::collections::{BTreeMap, VecDeque};

/// What waits to be combined.
#[derive(Debug)]
pub(crate) struct Frontier {
    pub(super) budget: u64,
    pub(super) fan_in: FanIn,
    /// By the number of the leaf in document order. A combination has that of its last leaf, so a boundary
    /// stays visible to its neighbours while what lies before it moves up.
    pub(super) nodes: BTreeMap<u64, Node>,
    /// How many of them are not answered.
    pub(super) unanswered: usize,
    levels: Vec<Level>,
    pub(super) is_complete: bool,
    /// What would have to be combined next exceeds the budget, so there is no way on.
    pub(super) does_not_fit: bool,
    /// Places around which a group may now be known.
    pub(super) touched: Vec<u64>,
    pub(super) ready: VecDeque<ReduceGroup>,
}

/// What is known of an item that waits to be combined.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The level at which it waits for its neighbours.
    pub(super) level: usize,
    /// How many levels of combinations it has in it.
    pub(super) depth: usize,
    /// The beginning of a digest of the name of its last leaf, once that is answered. (A leaf that may yet
    /// fail ends no group.)
    pub(super) digest: Option<[u64; 2]>,
    /// How many tokens it has, once it is answered.
    pub(super) size: Option<u64>,
}

/// What has come to a level so far.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    count: u64,
    tokens: u64,
}

/// Answers to combine in one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReduceGroup {
    /// Where the combination belongs: the place of the last item.
    pub(crate) place: u64,
    /// The items, in order: leaves, or combinations made before.
    pub(crate) items: Vec<u64>,
    /// How many levels of combinations are below; 0 if all items are leaves.
    pub(crate) level: usize,
}

/// How a topology ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TopologyEnd {
    /// The combination at this place covers everything.
    Root(u64),
    /// What would have to be combined next exceeds the budget.
    DoesNotFit,
}

/// How many items one reduce call combines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FanIn {
    /// How many items a group has on average where the budget is no limit; at most, it is twice as many.
    pub(super) mean: u32,
    /// The most items that are combined in one call if they are all there are and fit the budget.
    pub(super) whole: u32,
}

impl FanIn {
    /// Two items, and four at most.
    pub(super) const TWO: Self = Self { mean: 2, whole: 4 };

    /// Makes a fan-in of this mean; `None` if it is less than 2.
    pub(crate) fn new(mean: u32) -> Option<Self> {
        let whole = mean.saturating_mul(2);
        (mean >= 2).then_some(Self { mean, whole })
    }

    pub(super) fn cap(self) -> usize {
        self.mean.saturating_mul(2) as usize
    }
}

/// Eight items on average, sixteen at most: with more, models lose some (`DocETL`, arXiv
/// 2410.12189); with fewer, the tree gets deep. What fits the budget as a whole is one call.
impl Default for FanIn {
    fn default() -> Self {
        let (mean, whole) = (8, u32::MAX);
        Self { mean, whole }
    }
}

impl Frontier {
    pub(super) fn new(budget: u64, fan_in: FanIn) -> Self {
        Self {
            budget,
            fan_in,
            nodes: BTreeMap::new(),
            unanswered: 0,
            levels: Vec::new(),
            is_complete: false,
            does_not_fit: false,
            touched: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// Announces the next leaf.
    pub(crate) fn push(&mut self, leaf: u64) {
        self.nodes.insert(leaf, Node::default());
        self.unanswered += 1;
    }

    /// Takes the answer to a leaf: a digest of the leaf's name, and how many tokens the answer has.
    pub(crate) fn leaf_answered(&mut self, leaf: u64, name: &[u8; 32], size: u64) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = *name;
        let halves = [[a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]];
        if let Some(node) = self.nodes.get_mut(&leaf) {
            node.digest = Some(halves.map(u64::from_le_bytes));
            node.size = Some(size);
            self.unanswered -= 1;
            self.arrive(0, 1, size);
            self.touch_around(leaf);
        }
    }

    /// Leaves out a leaf that has failed.
    pub(crate) fn leaf_failed(&mut self, leaf: u64) {
        if self.nodes.remove(&leaf).is_some() {
            self.unanswered -= 1;
        }
        self.touch_around(leaf);
    }

    /// Takes the answer to a group: how many tokens it has.
    pub(crate) fn group_answered(&mut self, place: u64, size: u64) {
        if let Some(node) = self.nodes.get_mut(&place) {
            node.size = Some(size);
            let level = node.level;
            self.unanswered -= 1;
            self.arrive(level, 0, size);
            self.touched.push(place);
        }
    }

    /// Says that no leaf will be pushed any more.
    pub(crate) fn finish(&mut self) {
        self.is_complete = true;
        self.touched.extend(self.nodes.keys().next_back());
    }

    /// Returns how it has ended; `None` while it has not, and if no leaf was left.
    pub(crate) fn end(&self) -> Option<TopologyEnd> {
        if self.does_not_fit {
            return Some(TopologyEnd::DoesNotFit);
        }
        let (&place, node) = self.nodes.first_key_value()?;
        let is_root = self.is_complete && self.nodes.len() == 1 && node.depth > 0;
        (is_root && self.unanswered == 0).then_some(TopologyEnd::Root(place))
    }

    /// Makes items a group; what it comes to waits at a level.
    pub(super) fn combine(&mut self, items: &[u64], level: usize) {
        let nodes = items.iter().filter_map(|at| self.nodes.remove(at));
        let nodes: Vec<Node> = nodes.collect();
        let (Some(&place), Some(last)) = (items.last(), nodes.last()) else {
            return;
        };
        let below = nodes.iter().map(|node| node.depth).max().unwrap_or(0);
        let combination = Node {
            level,
            depth: below + 1,
            digest: last.digest,
            size: None,
        };
        self.nodes.insert(place, combination);
        self.unanswered += 1;
        self.arrive(level, 1, 0);
        self.ready.push_back(ReduceGroup {
            place,
            items: items.to_vec(),
            level: below,
        });
    }

    /// Counts what comes to a level, and looks at all that waits there once it is too much for one
    /// call.
    pub(super) fn arrive(&mut self, level: usize, count: u64, tokens: u64) {
        let was_large = self.is_large(level);
        if self.levels.len() <= level {
            self.levels.resize(level + 1, Level::default());
        }
        let sums = &mut self.levels[level];
        sums.count += count;
        sums.tokens = sums.tokens.saturating_add(tokens);
        if !was_large && self.is_large(level) {
            let nodes = self.nodes.iter();
            let waiting = nodes.filter(|(_, node)| node.level == level);
            self.touched.extend(waiting.map(|(&place, _)| place));
        }
    }

    /// Returns whether a level is too much for one call. As long as it is not, it may turn out to
    /// be the top.
    pub(super) fn is_large(&self, level: usize) -> bool {
        let Level { count, tokens } = self.levels.get(level).copied().unwrap_or_default();
        count > u64::from(self.fan_in.whole) || tokens > self.budget
    }

    fn touch_around(&mut self, place: u64) {
        let before = self.nodes.range(..place).next_back();
        let after = self.nodes.range(place..).take(2);
        let around = before.into_iter().chain(after).map(|(&it, _)| it);
        self.touched.extend(around);
    }
}
