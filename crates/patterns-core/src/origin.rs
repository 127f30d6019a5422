//! Names the run and the branch that something belongs to.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Identifies a run; chosen by the caller.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Numbers a branch within its run, in the order in which branches are started.
///
/// A branch may be a run of its own, such as a section that is a vote. The branches of that run are numbered in
/// a range that no other branch has, so that what is about them is found under the branch that they are part of.
///
/// ```
/// use patterns_core::BranchId;
///
/// let section = BranchId(2);
/// let ballot = section.first_within();
/// assert_eq!(ballot.to_string(), "3000000000");
/// assert!(ballot.is_nested() && !section.is_nested());
/// assert_eq!((ballot.outermost(), section.outermost()), (section, section));
/// ```
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[schemars(
    description = "Numbers a branch within its run, in the order in which branches are started; those of a run within a branch are in a range of their own."
)]
pub struct BranchId(pub u64);

/// More branches than a run ever has.
const RANGE: u64 = 1_000_000_000;

impl BranchId {
    /// Returns the first number of the branches of a run that is the work of this one.
    #[must_use]
    pub const fn first_within(self) -> Self {
        Self(self.0.saturating_add(1).saturating_mul(RANGE))
    }

    /// Returns whether it belongs to a run within a branch.
    pub const fn is_nested(self) -> bool {
        self.0 >= RANGE
    }

    /// Returns the branch of the outermost run that it is part of; itself if it is in no other.
    #[must_use]
    pub const fn outermost(self) -> Self {
        let mut number = self.0;
        while number >= RANGE {
            number = number / RANGE - 1;
        }
        Self(number)
    }
}

impl fmt::Display for BranchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a call comes from, so that events can name their branch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The run.
    pub run: RunId,
    /// The branch of that run.
    pub branch: BranchId,
}
