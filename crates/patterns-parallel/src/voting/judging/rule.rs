//! The rules by which a judge decides.

use serde::{Deserialize, Serialize};

/// What a judge is asked about the distinct answers of an election.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgedRule {
    /// `best-of`: answers are compared in pairs, each pair in both orders; a verdict that flips with
    /// the order is a tie. Who loses is out, so n answers cost 2 (n − 1) calls.
    BestOf,
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
            Self::SameMeaning => "same-meaning",
        }
    }
}
