//! Computes how far the voters of a batch agree, and what of it chance does not explain.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::rules::count::grouped;

/// The votes of a batch: a row per question, a column per voter.
///
/// Answers are in the form in which they are counted ([`Ballot::normalised`](crate::voting::Ballot)), and told
/// apart sign by sign. Votes may be missing anywhere. Memory grows with the number of votes, whatever
/// the number of answers.
///
/// ```
/// use patterns_parallel::voting::VoteTable;
///
/// let mut table = VoteTable::default();
/// table.push([Some("yes"), Some("yes"), None]);
/// table.push([Some("no"), Some("no"), Some("yes")]);
/// assert_eq!(table.agreement().pairwise_agreement, Some(0.5));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VoteTable {
    rows: Vec<Vec<Option<usize>>>,
    /// Each answer's number.
    numbers: HashMap<String, usize>,
    voters: usize,
}

impl VoteTable {
    /// Adds a question: each voter's answer in the same order, `None` for an abstention.
    ///
    /// Voters missing at the end abstain, too.
    pub fn push<S: AsRef<str>>(&mut self, votes: impl IntoIterator<Item = Option<S>>) {
        let votes = votes.into_iter();
        let numbered = votes.map(|it| it.map(|it| self.number(it.as_ref())));
        let row: Vec<Option<usize>> = numbered.collect();
        self.voters = self.voters.max(row.len());
        self.rows.push(row);
    }

    /// Returns the number of questions.
    pub fn questions(&self) -> usize {
        self.rows.len()
    }

    /// Returns the number of voters.
    pub fn voters(&self) -> usize {
        self.voters
    }

    fn number(&mut self, answer: &str) -> usize {
        if let Some(number) = self.numbers.get(answer) {
            return *number;
        }
        let number = self.numbers.len();
        self.numbers.insert(answer.to_owned(), number);
        number
    }

    /// Returns how many different answers there are.
    fn answers(&self) -> usize {
        self.numbers.len()
    }

    /// Returns how often each answer occurs in a row, in the order first seen.
    fn row_counts(row: &[Option<usize>]) -> Vec<(usize, u64)> {
        let groups = grouped(row.iter().flatten().map(|answer| (*answer, *answer)));
        let count = |group: Vec<usize>| (group[0], group.len() as u64);
        groups.into_iter().map(count).collect()
    }

    /// Returns the counts of the rows in which there is something to compare: two votes or more.
    fn comparable(&self) -> impl Iterator<Item = Vec<(usize, u64)>> + '_ {
        let rows = self.rows.iter().map(|it| Self::row_counts(it));
        rows.filter(|it| total(it) >= 2)
    }
}

/// Returns how many votes a row has.
fn total(counts: &[(usize, u64)]) -> u64 {
    counts.iter().map(|it| it.1).sum()
}

/// How far the voters of a batch agree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// How many questions there are.
    pub questions: u64,
    /// How many of them have two votes or more; the others say nothing about agreement.
    pub comparable_questions: u64,
    /// How many voters there are.
    pub voters: u64,
    /// Of all pairs of votes on the same question, the share that agrees, 0 to 1.
    pub pairwise_agreement: Option<f64>,
    /// Krippendorff's alpha of answers that are equal or not (Krippendorff 2011, "Computing
    /// Krippendorff's alpha-reliability"): 1 if all agree, 0 if they do as by chance, less if they
    /// agree less. Votes may be missing. `None` if there is nothing to compare, or if all votes are
    /// the same answer, so that chance would agree as well.
    pub krippendorff_alpha: Option<f64>,
}

impl VoteTable {
    /// Returns how far the voters agree.
    pub fn agreement(&self) -> Agreement {
        let mut sums = Sums::default();
        let mut overall = vec![0_u64; self.answers()];
        for row in self.comparable() {
            sums.add(&row);
            for (answer, count) in row {
                overall[answer] += count;
            }
        }
        Agreement {
            questions: self.questions() as u64,
            comparable_questions: sums.questions,
            voters: self.voters() as u64,
            pairwise_agreement: ratio(sums.agreeing as f64, sums.pairs as f64),
            krippendorff_alpha: sums.alpha(&overall),
        }
    }
}

#[derive(Default)]
struct Sums {
    questions: u64,
    pairs: u64,
    agreeing: u64,
    /// The pairs of each question that differ, per vote but one.
    disagreement: f64,
}

impl Sums {
    fn add(&mut self, row: &[(usize, u64)]) {
        let votes = total(row);
        let pairs = votes * (votes - 1);
        let agreeing: u64 = row.iter().map(|(_, count)| count * (count - 1)).sum();
        self.questions += 1;
        self.pairs += pairs;
        self.agreeing += agreeing;
        self.disagreement += (pairs - agreeing) as f64 / (votes - 1) as f64;
    }

    fn alpha(&self, overall: &[u64]) -> Option<f64> {
        let total = overall.iter().sum::<u64>() as f64;
        let counts = overall.iter().map(|it| *it as f64);
        let expected: f64 = counts.map(|it| it * (total - it)).sum();
        let expected = expected / (total - 1.0);
        Some(1.0 - ratio(self.disagreement, expected)?)
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 1e-12).then(|| part / whole)
}

#[cfg(test)]
mod tests;
