//! A batch of elections as a table: who answered what to which question.

use std::collections::HashMap;

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
    pub(super) rows: Vec<Vec<Option<usize>>>,
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
    pub(super) fn answers(&self) -> usize {
        self.numbers.len()
    }

    /// Returns how often each answer occurs in a row, in the order first seen.
    pub(super) fn row_counts(row: &[Option<usize>]) -> Vec<(usize, u64)> {
        let mut counts: Vec<(usize, u64)> = Vec::new();
        for answer in row.iter().flatten() {
            match counts.iter_mut().find(|it| it.0 == *answer) {
                Some((_, count)) => *count += 1,
                None => counts.push((*answer, 1)),
            }
        }
        counts
    }

    /// Returns the counts of the rows in which there is something to compare: two votes or more.
    pub(super) fn comparable(&self) -> impl Iterator<Item = Vec<(usize, u64)>> + '_ {
        let rows = self.rows.iter().map(|it| Self::row_counts(it));
        rows.filter(|it| total(it) >= 2)
    }
}

/// Returns how many votes a row has.
pub(super) fn total(counts: &[(usize, u64)]) -> u64 {
    counts.iter().map(|it| it.1).sum()
}
