//! Says which documents are read, by their numbers.

use std::collections::BTreeSet;

/// Which documents are read.
#[derive(Debug)]
pub(crate) enum Wanted {
    All,
    First(u64),
    Those(BTreeSet<u64>),
    None,
}

impl Wanted {
    pub(crate) fn has(&self, number: u64) -> bool {
        match self {
            Self::All => true,
            Self::First(most) => number < *most,
            Self::Those(numbers) => numbers.contains(&number),
            Self::None => false,
        }
    }

    /// Returns whether no further one is wanted.
    pub(crate) fn is_over(&self, number: u64) -> bool {
        match self {
            Self::First(most) => number >= *most,
            Self::Those(numbers) => numbers.last().is_none_or(|last| number > *last),
            Self::All | Self::None => false,
        }
    }
}
