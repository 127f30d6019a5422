//! Tests of the reduce tree, and the driver that they share.

mod edits;
mod properties;
mod shapes;

use std::collections::{BTreeMap, BTreeSet};

use super::{FanIn, Place, ReduceGroup, ReduceTree, TreeEnd};

type Digest = [u8; 32];

/// Leaves to combine: a digest each, and tokens, or `None` for a failure.
type Leaves = Vec<(Digest, Option<u64>)>;

/// What is below an item: its identity, its leaves, and the tokens of its answer.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    key: Digest,
    leaves: Vec<usize>,
    size: u64,
}

#[derive(Debug, PartialEq)]
struct Call {
    key: Digest,
    items: Vec<Item>,
    level: usize,
}

#[derive(Debug, PartialEq)]
struct Built {
    /// All calls, in the order of their last leaves and levels.
    calls: Vec<Call>,
    end: TreeEnd,
    /// The leaves under the root, if there is one.
    root: Vec<usize>,
}

impl Built {
    fn keys(&self) -> BTreeSet<Digest> {
        self.calls.iter().map(|call| call.key).collect()
    }

    fn depth(&self) -> usize {
        self.calls.iter().map(|it| it.level + 1).max().unwrap_or(0)
    }
}

enum Work {
    Leaf(Place),
    Group(ReduceGroup),
}

/// A tree under way, with the answers that are not yet combined.
struct Build<'a> {
    leaves: &'a Leaves,
    answer: u64,
    tree: ReduceTree,
    pushed: usize,
    known: BTreeMap<Place, Item>,
    calls: Vec<(Place, Call)>,
    work: Vec<Work>,
}

impl Build<'_> {
    fn begin(&mut self, window: usize) {
        while self.work.len() < window && self.pushed < self.leaves.len() {
            self.work.push(Work::Leaf(self.tree.push()));
            self.pushed += 1;
        }
        if self.work.len() < window {
            self.tree.finish();
        }
        while let Some(group) = self.tree.next_group() {
            self.work.push(Work::Group(group));
        }
    }

    fn end(&mut self, work: Work) {
        match work {
            Work::Leaf(place) => self.end_leaf(place),
            Work::Group(group) => self.end_group(group),
        }
    }

    fn end_leaf(&mut self, place: Place) {
        let n = usize::try_from(place.0).unwrap();
        let (key, size) = self.leaves[n];
        let Some(size) = size else {
            return self.tree.leaf_failed(place);
        };
        let leaves = vec![n];
        self.known.insert(place, Item { key, leaves, size });
        self.tree.leaf_answered(place, &key, size);
    }

    fn end_group(
        &mut self,
        ReduceGroup {
            place,
            items,
            level,
        }: ReduceGroup,
    ) {
        let items = items.iter().map(|at| self.known.remove(at).unwrap());
        let items: Vec<Item> = items.collect();
        let keys: Vec<u8> = items.iter().flat_map(|it| it.key).collect();
        let key = *blake3::hash(&keys).as_bytes();
        let leaves = items.iter().flat_map(|it| it.leaves.clone()).collect();
        let size = self.answer;
        self.known.insert(place, Item { key, leaves, size });
        self.calls.push((place, Call { key, items, level }));
        self.tree.group_answered(place, size);
    }

    fn built(mut self) -> Built {
        let mut calls = self.calls;
        calls.sort_by_key(|(place, call)| (*place, call.level));
        let end = self.tree.end().expect("nothing is under way any more");
        let root = match end {
            TreeEnd::Root(place) => self.known.remove(&place).unwrap().leaves,
            TreeEnd::Empty | TreeEnd::DoesNotFit => Vec::new(),
        };
        let calls = calls.into_iter().map(|(_, call)| call).collect();
        Built { calls, end, root }
    }
}

/// Builds a tree with `window` leaves under way; `pick` chooses what ends next. Returns the tree
/// and the most that it held.
fn build(
    leaves: &Leaves,
    (budget, fan_in, answer): (u64, FanIn, u64),
    window: usize,
    mut pick: impl FnMut() -> usize,
) -> (Built, usize) {
    let mut build = Build {
        leaves,
        answer,
        tree: ReduceTree::new(budget, fan_in),
        pushed: 0,
        known: BTreeMap::new(),
        calls: Vec::new(),
        work: Vec::new(),
    };
    let mut peak = 0;
    loop {
        build.begin(window);
        peak = peak.max(build.tree.frontier_len());
        if build.work.is_empty() {
            return (build.built(), peak);
        }
        let next = pick() % build.work.len();
        let next = build.work.swap_remove(next);
        build.end(next);
    }
}

/// As the above, one after the other.
fn in_order(leaves: &Leaves, settings: (u64, FanIn, u64)) -> Built {
    build(leaves, settings, 1, || 0).0
}

/// Leaves of 10 tokens.
fn equal(ids: impl IntoIterator<Item = u64>) -> Leaves {
    let digest = |id: u64| *blake3::hash(&id.to_le_bytes()).as_bytes();
    ids.into_iter().map(|id| (digest(id), Some(10))).collect()
}

/// A sequence that looks random and is the same each time.
fn random(mut seed: u64) -> impl FnMut() -> usize {
    move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize
    }
}

fn levels(fan_in: FanIn, count: usize) -> usize {
    (1..)
        .find(|&it| (fan_in.mean() as usize).pow(it) >= count)
        .unwrap_or(1) as usize
}

/// Eight on average, whatever the budget leaves room for.
fn eight() -> FanIn {
    FanIn::new(8, 16).unwrap()
}

const NO_LIMIT: u64 = u64::MAX;
