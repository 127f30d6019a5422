//! What a judge has decided.

use serde::{Deserialize, Serialize};

use super::rule::JudgedRule;

/// What a judge has decided about the distinct answers of an election.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedElection {
    /// What was asked.
    pub rule: JudgedRule,
    /// How many judgements were asked for.
    pub judgements: u64,
    /// How many of them were not given.
    pub failed: u64,
    /// How many pairs got another verdict in the other order, which makes them ties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flipped: Option<u64>,
    /// The distinct answers, best first.
    pub answers: Vec<JudgedAnswer>,
}

/// A judged answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedAnswer {
    /// The answer in its most frequent spelling.
    pub answer: String,
    /// How many voters gave it, or one that means the same.
    pub votes: u64,
    /// By `best-of`, how many pairs it won; otherwise `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wins: Option<u64>,
    /// Answers that mean the same and count with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<String>,
}
