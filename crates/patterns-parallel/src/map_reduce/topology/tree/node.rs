//! What is known of an item that waits for its neighbours, and of the level it waits at.

use super::fan_in::Identity;

#[derive(Debug, Default)]
pub(super) struct Node {
    /// The level at which it waits for its neighbours.
    pub(super) level: usize,
    /// How many levels of combinations it has in it.
    pub(super) depth: usize,
    /// Known of combinations and of answered leaves. (A leaf that may yet fail ends no group.)
    pub(super) identity: Option<Identity>,
    /// Known when it is answered.
    pub(super) size: Option<u64>,
}

impl Node {
    /// Returns whether a group at `level` ends here; `None` while that is open.
    pub(super) fn ends(&self, level: usize) -> Option<bool> {
        self.identity.map(|it| it.height > level)
    }

    pub(super) fn waits_at(&self, level: usize) -> bool {
        self.level == level && self.size.is_some()
    }
}

/// What has come to a level so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    pub(super) count: u64,
    pub(super) tokens: u64,
}
