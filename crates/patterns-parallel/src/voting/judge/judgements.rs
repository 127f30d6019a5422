//! Keeps what a judge has said of the distinct answers of an election.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Better, Judgement};

/// A question about two answers, which are named by their places among the distinct ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Comparison {
    /// Which of two is better, in the order in which they are shown.
    Better(usize, usize),
    /// Whether two mean the same.
    Same(usize, usize),
}

/// What a judge has said so far.
#[derive(Clone, Debug, Default)]
pub struct Judgements(BTreeMap<Comparison, Option<Judgement>>);

impl Judgements {
    /// Adds a judgement; `None` for one that failed. What answers another question than was asked has
    /// failed, too.
    pub fn add(&mut self, asked: Comparison, said: Option<Judgement>) {
        let said = said.filter(|said| {
            matches!(
                (asked, said),
                (Comparison::Better(..), Judgement::Better(_))
                    | (Comparison::Same(..), Judgement::Same(_))
            )
        });
        self.0.insert(asked, said);
    }

    /// Returns whether this has been asked, and answered or not.
    pub fn has(&self, asked: Comparison) -> bool {
        self.0.contains_key(&asked)
    }

    /// Returns which of two answers is better, once that was asked in this order. A judgement that
    /// failed prefers neither.
    pub fn better(&self, first: usize, second: usize) -> Option<Better> {
        Some(match self.0.get(&Comparison::Better(first, second))? {
            Some(Judgement::Better(better)) => *better,
            _ => Better::Neither,
        })
    }

    /// Returns the pairs of answers that mean the same.
    pub fn same(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.0.iter().filter_map(|it| match it {
            (Comparison::Same(a, b), Some(Judgement::Same(true))) => Some((*a, *b)),
            _ => None,
        })
    }

    /// Returns how many judgements were asked for.
    pub fn asked(&self) -> u64 {
        self.0.len() as u64
    }

    /// Returns how many of them were not given.
    pub fn failed(&self) -> u64 {
        self.0.values().filter(|it| it.is_none()).count() as u64
    }
}

/// What a judge was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgedBy {
    /// The best answer.
    BestOf,
    /// Which answers mean the same.
    SameMeaning,
}

/// What a judge has decided about the distinct answers of an election.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// What was asked for.
    pub rule: JudgedBy,
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
