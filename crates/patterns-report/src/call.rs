//! One call of a run, as a page shows it.

/// One call of a run. All its texts may be hostile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    /// The number of its branch within the run.
    pub branch: u64,
    /// The name of its branch: a section, a voter, a document.
    pub label: String,
    /// What its branch is for, such as `map` or `reduce`; the page has a lane for each.
    pub stage: String,
    /// Which call of its branch it is, from 1; the second and later ones are re-asks. 0 stands for a
    /// branch that made no call.
    pub number: u32,
    /// The name of the model.
    pub model: String,
    /// How it ended.
    pub end: CallEnd,
    /// HTTP tries.
    pub attempts: u64,
    /// Tokens read by the model, cached ones included.
    pub input_tokens: u64,
    /// Those of them that came from the provider's cache.
    pub cached_tokens: u64,
    /// Tokens written by the model.
    pub output_tokens: u64,
    /// What it cost, in millionths of a US dollar, if that is known.
    pub micro_usd: Option<f64>,
    /// When it was sent and how long it took, if that is recorded.
    pub timing: Option<Timing>,
    /// Why it has no answer, in a few words: failures are grouped by it.
    pub cause: Option<String>,
    /// What was asked, if that is kept.
    pub prompt: Option<String>,
    /// What was answered, if that is kept.
    pub answer: Option<String>,
    /// What else is worth saying of it, such as what was mended or why it was tried again.
    pub notes: Vec<String>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CallEnd {
    /// With an answer.
    #[default]
    Answered,
    /// With an answer from the store, which cost nothing.
    Reused,
    /// With an answer that broke its contract.
    Rejected,
    /// Without an answer.
    Failed,
    /// Nobody needed it any more.
    Cancelled,
    /// It had not ended when the page was made: it is under way, or was when the run was broken off.
    NotEnded,
}

impl CallEnd {
    /// All, in the order of their numbers on the page.
    pub(crate) const ALL: [Self; 6] = [
        Self::Answered,
        Self::Reused,
        Self::Rejected,
        Self::Failed,
        Self::Cancelled,
        Self::NotEnded,
    ];

    /// Returns the word that the page shows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Reused => "from the store",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::NotEnded => "not ended",
        }
    }
}

/// When a call was begun, and what its time went into, one part after the other. All in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timing {
    /// When it was begun, from the beginning of the run.
    pub begin: f64,
    /// Waited for a free slot.
    pub slot: f64,
    /// Waited until the provider would take it.
    pub rate: f64,
    /// Waited for something else: for room in the budget, or for the store.
    pub other: f64,
    /// Lost on attempts that failed, and on the waits after them.
    pub retry: f64,
    /// On the network until the first byte of the answer came.
    pub first_byte: f64,
    /// On the network from then on.
    pub rest: f64,
}

impl Timing {
    /// Returns when the call ended.
    pub fn end(&self) -> f64 {
        self.begin + self.slot + self.rate + self.other + self.retry + self.first_byte + self.rest
    }
}
