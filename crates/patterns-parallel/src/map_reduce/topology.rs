//! The topologies: which answers are combined as a group, and when; one state machine for each.

mod cut;
mod reduce_tree;
mod refine;
mod shape;
mod unordered;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::reduce_tree::ReduceTree;
use self::refine::Refine;
pub(crate) use self::shape::{FanIn, Place, ReduceGroup, Shape, ShapeEnd};
use self::unordered::Unordered;

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
    pub(crate) fn begin(self, budget: u64, fan_in: Option<FanIn>) -> Box<dyn Shape> {
        let or_default = fan_in.unwrap_or_default();
        match self {
            Self::Tree => Box::new(ReduceTree::new(budget, or_default)),
            Self::Unordered => Box::new(Unordered::new(budget, or_default)),
            // One at a time keeps the most detail.
            Self::Refine => Box::new(Refine::new(budget, fan_in.map_or(2, |it| it.mean))),
        }
    }
}

#[cfg(test)]
mod tests;
