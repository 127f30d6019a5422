//! The rules by which a judge decides.

use serde::{Deserialize, Serialize};

use crate::voting::pairwise::TournamentKind;

/// What a judge is asked about the distinct answers of an election.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgedRule {
    /// `best-of`: each answer gets a score; the highest wins. One call an answer.
    BestOf,
    /// `tournament`, `round-robin`: answers are compared in pairs, each pair in both orders; a
    /// verdict that flips with the order is a tie. Two calls a meeting: n − 1 meetings of n answers
    /// in a knockout, n (n − 1) / 2 in a round robin.
    Tournament(TournamentKind),
    /// `universal`: the judge sees all answers and names the one that is most consistent with the
    /// others. Universal self-consistency (arXiv 2311.17311); the answers are shuffled, as judges
    /// favour places. One call.
    Universal,
    /// `same-meaning`: answers that mean the same count together; then the most votes win. For free
    /// text; semantic clusters are those of arXiv 2302.09664. One call for each two of the ten most
    /// frequent answers; others stay apart.
    SameMeaning,
}

impl JudgedRule {
    /// Returns the name of the rule.
    pub fn name(self) -> &'static str {
        match self {
            Self::BestOf => "best-of",
            Self::Tournament(TournamentKind::Knockout) => "tournament",
            Self::Tournament(TournamentKind::RoundRobin) => "round-robin",
            Self::Universal => "universal",
            Self::SameMeaning => "same-meaning",
        }
    }
}
