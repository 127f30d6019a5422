//! How the voters of an election are asked, and in which order they are counted.

/// How the voters of an election are asked, and in which order they are counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manner {
    /// So many ballots more than are needed are under way; `None` for whole waves.
    streaming: Option<u64>,
    counts_arrivals: bool,
}

impl Manner {
    pub(super) fn streaming(mut self, spare: u64) -> Self {
        self.streaming = Some(spare);
        self
    }

    pub(super) fn in_arrival_order(mut self) -> Self {
        self.counts_arrivals = true;
        self
    }

    /// Returns whether it is decided again after every ballot, not after a whole wave.
    pub(super) fn is_streaming(self) -> bool {
        self.streaming.is_some()
    }

    pub(super) fn spare(self) -> u64 {
        self.streaming.unwrap_or_default()
    }

    /// Returns whether ballots are counted as they come in, not in voter order.
    pub(super) fn counts_arrivals(self) -> bool {
        self.counts_arrivals
    }
}
