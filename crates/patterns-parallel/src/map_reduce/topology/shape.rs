//! What a topology decides, whatever its kind.

use serde::{Deserialize, Serialize};

use super::FanIn;
use super::fold::Fold;
use super::pool::Pool;
use super::tree::ReduceTree;

/// How the answers about many documents become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// All in one call where they fit the token budget; else neighbours in groups, and the combinations of groups again (hierarchical merging, 2310.00785).
    /// The groups depend on the names of the documents alone, so that a changed, added or removed
    /// document changes few of them.
    #[default]
    Tree,
    /// Whatever answers are there, in groups; for combinations that don't depend on the order. The
    /// fastest, and not repeatable: another run groups in another way.
    Unordered,
    /// One after the other, in document order, each added to the combination so far ("refine",
    /// incremental updating, 2310.00785). Keeps more detail and costs a call in sequence for each.
    Refine,
}

impl Topology {
    /// Begins one whose calls combine at most `budget` tokens.
    pub(crate) fn begin(self, budget: u64, fan_in: Option<FanIn>) -> Box<dyn Shape> {
        let or_default = fan_in.unwrap_or_default();
        match self {
            Self::Tree => Box::new(ReduceTree::new(budget, or_default)),
            Self::Unordered => Box::new(Pool::new(budget, or_default)),
            // One at a time keeps the most detail.
            Self::Refine => Box::new(Fold::new(budget, fan_in.map_or(2, FanIn::mean))),
        }
    }
}

/// Decides which answers are combined, as leaves and combinations are answered.
///
/// It does no work itself and holds only what still waits to be combined. Leaves are announced in
/// order and answered in any. A failed leaf is left out as if it had never been there.
pub(crate) trait Shape: Send {
    /// Announces the next leaf.
    fn push(&mut self) -> Place;

    /// Takes the answer to a leaf: a digest of the leaf's name, and how many tokens the answer has.
    fn leaf_answered(&mut self, leaf: Place, name: &[u8; 32], size: u64);

    /// Leaves out a leaf that has failed.
    fn leaf_failed(&mut self, leaf: Place);

    /// Takes the answer to a group: how many tokens it has.
    fn group_answered(&mut self, place: Place, size: u64);

    /// Says that no leaf will be pushed any more.
    fn finish(&mut self);

    /// Returns a group that can be combined now. Each is returned once.
    fn next_group(&mut self) -> Option<ReduceGroup>;

    /// Returns how it has ended; `None` while it has not.
    fn end(&self) -> Option<ShapeEnd>;
}

/// The number of a leaf in document order; a combination has that of its last leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place(pub(crate) u64);

/// Answers to combine in one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReduceGroup {
    /// Where the combination belongs: the place of the last item.
    pub(crate) place: Place,
    /// The items, in order: leaves, or combinations made before.
    pub(crate) items: Vec<Place>,
    /// How many levels of combinations are below; 0 if all items are leaves.
    pub(crate) level: usize,
}

/// How a topology ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShapeEnd {
    /// The combination at this place covers everything.
    Root(Place),
    /// No leaf was left.
    Empty,
    /// What would have to be combined next exceeds the budget, so there is no way on.
    DoesNotFit,
}
