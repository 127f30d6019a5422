//! Computes how far the voters of a batch agree, and what of it chance does not explain.

use std::collections::HashMap;

use serde::Serialize;

/// The votes of a batch, question by question, as far as agreement is concerned.
///
/// Answers are in the form in which they are counted, and told apart sign by sign. Votes may be missing
/// anywhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct VoteTable {
    questions: u64,
    voters: u64,
    comparable: u64,
    pairs: u64,
    agreeing: u64,
    /// The pairs of each question that differ, per vote but one.
    disagreement: f64,
    /// How often each answer was given to a question that has two votes or more.
    overall: HashMap<String, u64>,
}

/// How far the voters of a batch agree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Agreement {
    /// How many questions there are.
    pub(crate) questions: u64,
    /// How many of them have two votes or more; the others say nothing about agreement.
    pub(crate) comparable_questions: u64,
    /// How many voters there are.
    pub(crate) voters: u64,
    /// Of all pairs of votes on the same question, the share that agrees, 0 to 1.
    pub(crate) pairwise_agreement: Option<f64>,
    /// Krippendorff's alpha of answers that are equal or not (Krippendorff 2011, "Computing
    /// Krippendorff's alpha-reliability"): 1 if all agree, 0 if they do as by chance, less if they
    /// agree less. Votes may be missing. `None` if there is nothing to compare, or if all votes are
    /// the same answer, so that chance would agree as well.
    pub(crate) krippendorff_alpha: Option<f64>,
}

impl VoteTable {
    /// Adds a question: each voter's answer in the same order, `None` for an abstention. Voters missing at
    /// the end abstain, too.
    pub(crate) fn push<'v>(&mut self, row: impl IntoIterator<Item = Option<&'v str>>) {
        let (mut voters, mut votes) = (0, 0);
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for vote in row {
            voters += 1;
            if let Some(answer) = vote {
                votes += 1;
                *counts.entry(answer).or_default() += 1;
            }
        }
        self.questions += 1;
        self.voters = self.voters.max(voters);
        if votes < 2 {
            return;
        }
        let pairs: u64 = votes * (votes - 1);
        let agreeing: u64 = counts.values().map(|count| count * (count - 1)).sum();
        self.comparable += 1;
        self.pairs += pairs;
        self.agreeing += agreeing;
        self.disagreement += (pairs - agreeing) as f64 / (votes - 1) as f64;
        for (answer, count) in counts {
            *self.overall.entry(answer.to_owned()).or_default() += count;
        }
    }

    /// Returns how far the voters agree.
    pub(crate) fn agreement(&self) -> Agreement {
        Agreement {
            questions: self.questions,
            comparable_questions: self.comparable,
            voters: self.voters,
            pairwise_agreement: ratio(self.agreeing as f64, self.pairs as f64),
            krippendorff_alpha: self.alpha(),
        }
    }

    fn alpha(&self) -> Option<f64> {
        let total: u64 = self.overall.values().sum();
        // Whole numbers, so that the order does not matter.
        let differing: u64 = self.overall.values().map(|it| it * (total - it)).sum();
        let expected = differing as f64 / (total as f64 - 1.0);
        Some(1.0 - ratio(self.disagreement, expected)?)
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 1e-12).then(|| part / whole)
}

#[cfg(test)]
mod tests;
