//! How a paid call ended, and the number that stands for it.

use patterns_core::ModelErrorKind;
use serde::{Deserialize, Serialize};

/// How a paid call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// With an answer, which is given out again.
    Answered,
    /// With an answer that was of no use to whoever asked.
    Disowned,
    /// With an answer that a later one has taken the place of.
    Superseded,
    /// The model declined.
    Refused,
    /// The provider withheld the answer.
    Filtered,
    /// The answer was cut off.
    Truncated,
}

impl CallStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Answered,
        Self::Disowned,
        Self::Superseded,
        Self::Refused,
        Self::Filtered,
        Self::Truncated,
    ];

    /// Returns a short stable name, for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Disowned => "disowned",
            Self::Superseded => "superseded",
            Self::Refused => "refused",
            Self::Filtered => "filtered",
            Self::Truncated => "truncated",
        }
    }

    /// Returns whether nothing but the bill is kept of such a call.
    pub(crate) fn is_without_answer(self) -> bool {
        match self {
            Self::Refused | Self::Filtered | Self::Truncated => true,
            Self::Answered | Self::Disowned | Self::Superseded => false,
        }
    }

    /// Returns the number that is written. It never changes its meaning.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Answered => 0,
            Self::Disowned => 1,
            Self::Superseded => 2,
            Self::Refused => 3,
            Self::Filtered => 4,
            Self::Truncated => 5,
        }
    }

    pub(crate) fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.number() == number)
    }

    /// Returns how a call ended that failed like this, if it was paid for all the same.
    pub(crate) fn of_error(kind: ModelErrorKind) -> Option<Self> {
        match kind {
            ModelErrorKind::Refused => Some(Self::Refused),
            ModelErrorKind::Filtered => Some(Self::Filtered),
            ModelErrorKind::Truncated => Some(Self::Truncated),
            _ => None,
        }
    }
}
