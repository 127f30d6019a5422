//! The seam between a topology and the reduce: a topology is told which answers are there, and says which of
//! them to combine; how many, and where groups end by the digests of their items.

/// Decides which answers are combined, as leaves and combinations are answered.
///
/// It does no work itself and holds only what still waits to be combined. Leaves are announced in
/// order and answered in any. A failed leaf is left out as if it had never been there.
pub(crate) trait Shape: Send {
    /// Announces the next leaf.
    fn push(&mut self, leaf: Place);

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

    /// Returns how it has ended; `None` while it has not, and if no leaf was left.
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
    /// What would have to be combined next exceeds the budget, so there is no way on.
    DoesNotFit,
}

/// How many items one reduce call combines: on average, and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FanIn {
    /// How many items a group has on average where the budget is no limit.
    pub(super) mean: u32,
    /// How many items a group has at most.
    pub(super) cap: u32,
    /// The most items that are combined in one call if they are all there are and fit the budget.
    pub(super) whole: u32,
}

impl FanIn {
    /// Makes a fan-in of this mean, and twice as many at most; `None` if it is less than 2.
    pub(crate) fn new(mean: u32) -> Option<Self> {
        let cap = mean.saturating_mul(2);
        (mean >= 2).then_some(Self {
            mean,
            cap,
            whole: cap,
        })
    }

    /// Reads what a leaf's digest says about the groups around it.
    pub(super) fn identify(self, digest: &[u8; 32]) -> Identity {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = *digest;
        let mut rest = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let mut height = 0;
        // Stretches that are longer than the cap are cut in two and more, which makes groups shorter
        // than the stretches. With stretches half as long again, groups are as long as asked for.
        let stretch = u64::from(self.mean) * 3 / 2;
        while rest != 0 && rest.is_multiple_of(stretch) {
            rest /= stretch;
            height += 1;
        }
        Identity {
            height,
            priority: u64::from_le_bytes([i, j, k, l, m, n, o, p]),
        }
    }
}

/// Eight items on average, sixteen at most: with more, models lose some (`DocETL`, arXiv
/// 2410.12189); with fewer, the tree gets deep. What fits the budget as a whole is one call.
impl Default for FanIn {
    fn default() -> Self {
        Self {
            mean: 8,
            cap: 16,
            whole: u32::MAX,
        }
    }
}

/// What of a leaf decides about groups; a combination has that of its last leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// At levels below this a group ends after the leaf.
    pub(super) height: usize,
    /// Where groups that are too large are cut first.
    pub(super) priority: u64,
}

impl Identity {
    /// Returns the priority of a cut at this level. It is mixed with the level, so that each level
    /// is cut elsewhere (the finaliser of `SplitMix64`; Steele, Lea and Flood 2014).
    pub(super) fn priority(self, level: usize) -> u64 {
        let step = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(level as u64 + 1);
        let mut z = self.priority.wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
