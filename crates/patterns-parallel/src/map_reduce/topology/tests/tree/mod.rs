//! Tests of the reduce tree.

mod edits;
mod properties;
mod shapes;

use super::driver::{self, Built, Leaves, equal, random};
use crate::map_reduce::topology::{FanIn, Frontier, Topology, TopologyEnd};

/// Builds a tree with `window` leaves under way; `pick` chooses what ends next. Returns the tree
/// and the most that was held.
fn build(
    leaves: &Leaves,
    (budget, fan_in, answer): (u64, FanIn, u64),
    window: usize,
    pick: impl FnMut() -> usize,
) -> (Built, usize) {
    let tree = (Topology::Tree, tree(budget, fan_in));
    driver::build(tree, leaves, answer, window, pick)
}

fn tree(budget: u64, fan_in: FanIn) -> Frontier {
    Topology::Tree.begin(budget, Some(fan_in))
}

/// As the above, one after the other.
fn in_order(leaves: &Leaves, settings: (u64, FanIn, u64)) -> Built {
    build(leaves, settings, 1, || 0).0
}

fn levels(fan_in: FanIn, count: usize) -> usize {
    (1..)
        .find(|&it| (fan_in.mean as usize).pow(it) >= count)
        .unwrap_or(1) as usize
}

/// Eight on average, whatever the budget leaves room for.
fn eight() -> FanIn {
    FanIn::new(8).unwrap()
}

const NO_LIMIT: u64 = u64::MAX;
