//! Says what happens when several answers lead, and how an election was decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens when several answers have the most votes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TieBreak {
    /// The answer of the earliest voter wins.
    ///
    /// On recorded votes that is as good as drawing lots, and it can be repeated.
    #[default]
    FirstSeen,
    /// Nobody wins.
    NoConsensus,
}

impl TieBreak {
    /// Returns how an answer that leads wins, or that it does not, if others lead with it.
    pub(in crate::voting) fn decide(self, is_tied: bool) -> Decision {
        match self {
            _ if !is_tied => Decision::Won,
            Self::FirstSeen => Decision::WonByTieBreak,
            Self::NoConsensus => Decision::Tied,
        }
    }
}

/// How an election was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The leading answer met the rule.
    Won,
    /// Several answers led; the one seen first won.
    WonByTieBreak,
    /// No consensus: too few valid votes.
    QuorumMissed,
    /// No consensus: the leading answer has too few votes for the rule.
    ThresholdMissed,
    /// No consensus: several answers lead.
    Tied,
    /// No consensus: the judge did not say which answer it is.
    NotJudged,
    /// No voter was asked: the calls were spent before it was this question's turn.
    NotAsked,
    /// The voters came to no consensus; the stronger voter's answer stands.
    Escalated,
}

impl Decision {
    /// Returns whether there is a winner.
    pub fn is_won(self) -> bool {
        match self {
            Self::Won | Self::WonByTieBreak | Self::Escalated => true,
            Self::QuorumMissed
            | Self::ThresholdMissed
            | Self::Tied
            | Self::NotJudged
            | Self::NotAsked => false,
        }
    }
}
