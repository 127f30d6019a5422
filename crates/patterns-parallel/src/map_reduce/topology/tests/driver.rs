//! Drives a topology in tests: answers leaves and groups in any order and keeps what came of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::map_reduce::topology::{Frontier, ReduceGroup, Topology, TopologyEnd};

pub(super) type Digest = [u8; 32];

/// Leaves to combine: a digest each, and tokens, or `None` for a failure.
pub(super) type Leaves = Vec<(Digest, Option<u64>)>;

/// What is below an item: its identity, its leaves, and the tokens of its answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) key: Digest,
    pub(super) leaves: Vec<usize>,
    pub(super) size: u64,
}

#[derive(Debug, PartialEq)]
pub(super) struct Call {
    pub(super) key: Digest,
    pub(super) items: Vec<Item>,
    pub(super) level: usize,
}

#[derive(Debug, PartialEq)]
pub(super) struct Built {
    /// All calls, in the order of their last leaves and levels.
    pub(super) calls: Vec<Call>,
    pub(super) end: Option<TopologyEnd>,
    /// The leaves under the root, if there is one.
    pub(super) root: Vec<usize>,
}

impl Built {
    pub(super) fn keys(&self) -> BTreeSet<Digest> {
        self.calls.iter().map(|call| call.key).collect()
    }

    pub(super) fn depth(&self) -> usize {
        self.calls.iter().map(|it| it.level + 1).max().unwrap_or(0)
    }
}

enum Work {
    Leaf(u64),
    Group(ReduceGroup),
}

/// A topology under way, with the answers that are not yet combined.
struct Build<'a> {
    leaves: &'a Leaves,
    answer: u64,
    topology: Topology,
    shape: Frontier,
    pushed: usize,
    known: BTreeMap<u64, Item>,
    calls: Vec<(u64, Call)>,
    work: Vec<Work>,
}

impl Build<'_> {
    fn begin(&mut self, window: usize) {
        while self.work.len() < window && self.pushed < self.leaves.len() {
            let place = self.pushed as u64;
            self.shape.push(place);
            self.work.push(Work::Leaf(place));
            self.pushed += 1;
        }
        if self.work.len() < window {
            self.shape.finish();
        }
        while let Some(group) = self.topology.next_group(&mut self.shape) {
            self.work.push(Work::Group(group));
        }
    }

    fn end(&mut self, work: Work) {
        match work {
            Work::Leaf(place) => self.end_leaf(place),
            Work::Group(group) => self.end_group(group),
        }
    }

    fn end_leaf(&mut self, place: u64) {
        let n = usize::try_from(place).unwrap();
        let (key, size) = self.leaves[n];
        let Some(size) = size else {
            return self.shape.leaf_failed(place);
        };
        let leaves = vec![n];
        self.known.insert(place, Item { key, leaves, size });
        self.shape.leaf_answered(place, &key, size);
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
        self.shape.group_answered(place, size);
    }

    fn built(mut self) -> Built {
        let mut calls = self.calls;
        calls.sort_by_key(|(place, call)| (*place, call.level));
        let end = self.shape.end();
        let root = match end {
            Some(TopologyEnd::Root(place)) => self.known.remove(&place).unwrap().leaves,
            Some(TopologyEnd::DoesNotFit) | None => Vec::new(),
        };
        let calls = calls.into_iter().map(|(_, call)| call).collect();
        Built { calls, end, root }
    }
}

/// Builds what a topology decides, with `window` leaves under way; `pick` chooses what ends next.
/// Returns it and the most that was held.
pub(super) fn build(
    (topology, shape): (Topology, Frontier),
    leaves: &Leaves,
    answer: u64,
    window: usize,
    mut pick: impl FnMut() -> usize,
) -> (Built, usize) {
    let mut build = Build {
        leaves,
        answer,
        topology,
        shape,
        pushed: 0,
        known: BTreeMap::new(),
        calls: Vec::new(),
        work: Vec::new(),
    };
    let mut peak = 0;
    loop {
        build.begin(window);
        peak = peak.max(build.known.len() + build.work.len());
        if build.work.is_empty() {
            return (build.built(), peak);
        }
        let next = pick() % build.work.len();
        let next = build.work.swap_remove(next);
        build.end(next);
    }
}

/// Leaves of 10 tokens.
pub(super) fn equal(ids: impl IntoIterator<Item = u64>) -> Leaves {
    let digest = |id: u64| *blake3::hash(&id.to_le_bytes()).as_bytes();
    ids.into_iter().map(|id| (digest(id), Some(10))).collect()
}

/// A sequence that looks random and is the same each time.
pub(super) fn random(mut seed: u64) -> impl FnMut() -> usize {
    move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize
    }
}
