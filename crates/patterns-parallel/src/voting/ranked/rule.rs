//! The rules that count rankings.

use serde::{Deserialize, Serialize};

/// How rankings become one ranking.
///
/// No rule on rankings is fair in every way (Arrow 1951). Where one answer is right, rankings
/// decide hardly better than plurality; they are for preferences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankedRule {
    /// Beat paths (Schulze 2011, "A new monotonic, clone-independent, reversal symmetric, and
    /// Condorcet-consistent single-winner election method"), strength by winning votes: whoever
    /// beats every other one to one wins. Where no single option is unbeaten, those that are go by
    /// their Borda score.
    #[default]
    Schulze,
    /// A point for each option that a ballot puts lower (Borda 1784). Options that a ballot does
    /// not rank share what is left of its points: each has half a point for each other of them
    /// (Cullinan, Hsiao and Polett 2014, "A Borda count for partially ordered ballots").
    Borda,
    /// Instant-runoff voting: the option with the fewest ballots that put it first is struck out
    /// of all ballots, which go on to their next choice, until one is left. A ballot whose options
    /// are all out no longer counts. Of several with the fewest, the one with the lowest Borda
    /// score goes, then the one seen last.
    Irv,
    /// A point for each of the ballot's first so many options; `Approval(1)` is plurality.
    Approval(usize),
    /// Mean reciprocal rank: a point for the first place, a half for the second, a third for the
    /// third, nothing for options not ranked; as a mean over the ballots.
    Mrr,
}

/// Why a rule on rankings cannot decide anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RankedRuleError {
    /// Nothing would be counted.
    #[error("an approval rule counts at least the first option of each ballot, not 0")]
    NothingApproved,
}

impl RankedRule {
    /// Checks the rule's parameter.
    ///
    /// # Errors
    ///
    /// Returns a [`RankedRuleError`] if it counts nothing.
    pub fn check(self) -> Result<(), RankedRuleError> {
        match self {
            Self::Approval(0) => Err(RankedRuleError::NothingApproved),
            Self::Schulze | Self::Borda | Self::Irv | Self::Approval(_) | Self::Mrr => Ok(()),
        }
    }
}
