//! How far the voters of a batch agree, and what of it chance does not explain.

use serde::{Deserialize, Serialize};

use super::VoteTable;
use super::table::total;

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
