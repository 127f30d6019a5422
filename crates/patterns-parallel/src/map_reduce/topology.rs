//! The topologies: which of the answers that wait are combined as a group, and when.

mod frontier;
mod reduce_tree;
mod unordered;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use self::frontier::{FanIn, Frontier, ReduceGroup, TopologyEnd};

/// How the answers about many documents become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// One call where all fit; else neighbours, then combinations of neighbours.
    ///
    /// It is hierarchical merging (2310.00785). The groups depend on the names of the documents alone, so that a changed, added or removed
    /// document changes few of them.
    #[default]
    Tree,
    /// Whatever answers are there: the fastest, and grouped in another way each time.
    ///
    /// For combinations that do not depend on the order.
    Unordered,
    /// One after the other, added to the combination so far.
    ///
    /// In document order (incremental updating, 2310.00785). Keeps more detail, and no two calls are made at once.
    Refine,
}

impl Topology {
    /// Begins one whose calls combine at most `budget` tokens.
    pub(crate) fn begin(self, budget: u64, fan_in: Option<FanIn>) -> Frontier {
        let usual = match self {
            Self::Tree | Self::Unordered => FanIn::default(),
            // One at a time keeps the most detail.
            Self::Refine => FanIn::TWO,
        };
        Frontier::new(budget, fan_in.unwrap_or(usual))
    }

    /// Returns a group that can be combined now. Each is returned once.
    pub(crate) fn next_group(self, waiting: &mut Frontier) -> Option<ReduceGroup> {
        if waiting.ready.is_empty() && !waiting.touched.is_empty() {
            match self {
                Self::Tree => reduce_tree::form_groups(waiting),
                Self::Unordered => unordered::form_group(waiting),
                Self::Refine => refine(waiting),
            }
        }
        waiting.ready.pop_front()
    }
}

/// Adds the next leaves to the combination so far, which stands before them.
///
/// Whether another one fits is known when it is answered, so a call does not depend on what was answered
/// when.
fn refine(waiting: &mut Frontier) {
    waiting.touched.clear();
    let (most, mut sum) = (waiting.fan_in.mean as usize, 0_u64);
    let mut items = Vec::new();
    let mut is_full = false;
    for (&place, node) in waiting.nodes.iter().take(most) {
        let Some(size) = node.size else { return };
        sum = sum.saturating_add(size);
        // The first one has nothing to be combined with that could be smaller.
        is_full = sum > waiting.budget && !items.is_empty();
        if is_full {
            break;
        }
        items.push(place);
    }
    if !waiting.is_complete && !is_full && items.len() < most {
        return;
    }
    match &items[..] {
        // There is room for none of those that are left.
        [so_far] if waiting.nodes[so_far].depth > 0 => waiting.does_not_fit = is_full,
        items => waiting.combine(items, 1),
    }
}

#[cfg(test)]
mod tests;
