//! The seam between a topology and the reduce: a topology is told which answers are there, and says which of
//! them to combine.

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
