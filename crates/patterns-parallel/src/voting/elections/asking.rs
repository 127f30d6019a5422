//! Says how the voters of an election are asked.

use std::num::NonZeroU64;

use crate::voting::stop::MOST_VOTES;

/// How the voters of an election are asked. Whichever it is, nobody is asked of whom the
/// [stopping rule](crate::voting::StoppingRule) wants to know nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asking {
    /// In waves that waste no call: as many at once as the stopping rule needs at least.
    #[default]
    Waves,
    /// One by one: `spare` ballots more than the stopping rule needs are under way, it decides again
    /// after each that is counted, and as soon as the election is decided, those under way are
    /// cancelled. Nobody waits for the slowest of a wave; what is cancelled may be billed. On recorded
    /// votes two spare ballots took a third of the time for 17 % more calls; 0 is the cheapest.
    Streaming {
        /// How many ballots more than are needed are under way.
        spare: u64,
        /// In which order ballots are counted.
        order: CountingOrder,
    },
    /// The elections of a batch share so many calls: each goes to the election that gains most from
    /// it, until the calls are spent or every election has ended; then the others are decided by the
    /// ballots that are in. One election gets [`MOST_SHARING`](Self::MOST_SHARING) at most.
    ///
    /// With more calls than a budget allows, they are spent when the budget is. All questions are read
    /// before the first is asked.
    SharedCalls(NonZeroU64),
}

/// In which order ballots are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CountingOrder {
    /// In that of the voters.
    #[default]
    Voters,
    /// As they come in. It ends elections sooner, and it is biased: quick answers are not as often
    /// right as slow ones (or more often, with some models), and two runs can differ.
    Arrival,
}

impl Asking {
    /// The most voters of elections that share calls: no table looks further ahead.
    pub const MOST_SHARING: u64 = MOST_VOTES;

    /// Returns whether the stopping rule decides again after every ballot, not after a whole wave.
    pub(in crate::voting) fn is_streaming(self) -> bool {
        matches!(self, Self::Streaming { .. })
    }

    /// Returns how many ballots more than are needed are under way.
    pub(in crate::voting) fn spare(self) -> u64 {
        match self {
            Self::Streaming { spare, .. } => spare,
            Self::Waves | Self::SharedCalls(_) => 0,
        }
    }

    /// Returns whether ballots are counted as they come in, not in voter order.
    pub(in crate::voting) fn counts_arrivals(self) -> bool {
        let order = CountingOrder::Arrival;
        matches!(self, Self::Streaming { order: it, .. } if it == order)
    }
}
