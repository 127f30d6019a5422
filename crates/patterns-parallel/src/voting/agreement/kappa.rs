//! Pairwise agreement, and what of it chance does not explain.

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
    /// The agreement to be expected if everybody drew answers by how often they occur overall.
    /// With open answers it is next to nothing, so that kappa is hardly more than raw agreement.
    pub chance_agreement: Option<f64>,
    /// Agreement beyond chance by Fleiss (1971), at most 1; 0 is what chance gives. `None` if all
    /// votes are the same answer.
    ///
    /// Where votes are missing, each question counts alike, with the pairs that it has.
    pub fleiss_kappa: Option<f64>,
}

impl VoteTable {
    /// Returns how far the voters agree.
    pub fn agreement(&self) -> Agreement {
        let mut sums = Sums::default();
        let mut overall = vec![0_u64; self.answers.len()];
        for row in self.comparable() {
            sums.add(&row);
            for (answer, count) in row {
                overall[answer] += count;
            }
        }
        let votes: u64 = overall.iter().sum();
        let share = |count: &u64| *count as f64 / votes as f64;
        let chance = overall.iter().map(|it| share(it).powi(2)).sum();
        let chance = (votes > 0).then_some(chance);
        Agreement {
            questions: self.questions() as u64,
            comparable_questions: sums.questions,
            voters: self.voters() as u64,
            pairwise_agreement: ratio(sums.agreeing as f64, sums.pairs as f64),
            chance_agreement: chance,
            fleiss_kappa: chance.and_then(|chance| sums.kappa(chance)),
        }
    }
}

#[derive(Default)]
struct Sums {
    questions: u64,
    pairs: u64,
    agreeing: u64,
    /// The sum of each question's own agreement.
    shares: f64,
}

impl Sums {
    fn add(&mut self, row: &[(usize, u64)]) {
        let votes = total(row);
        let pairs = votes * (votes - 1);
        let agreeing: u64 = row.iter().map(|(_, count)| count * (count - 1)).sum();
        self.questions += 1;
        self.pairs += pairs;
        self.agreeing += agreeing;
        self.shares += agreeing as f64 / pairs as f64;
    }

    fn kappa(&self, chance: f64) -> Option<f64> {
        let observed = self.shares / self.questions as f64;
        ratio(observed - chance, 1.0 - chance)
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 1e-12).then(|| part / whole)
}
