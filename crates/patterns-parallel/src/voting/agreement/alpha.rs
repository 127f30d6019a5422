//! Krippendorff's alpha.

use serde::{Deserialize, Serialize};

use super::VoteTable;
use super::table::total;
use crate::voting::numeric::read_number;

/// What the distance between two answers means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasurementLevel {
    /// Answers are equal or not.
    #[default]
    Nominal,
    /// Answers have an order; the distance is the number of votes between them.
    Ordinal,
    /// Answers are numbers; the distance is their difference.
    Interval,
}

/// An answer has no place on a scale.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer {answer:?} is no number and not on the scale")]
pub struct NotOnTheScale {
    /// The answer, in counted form.
    pub answer: String,
}

/// The votes that can be compared: each answer's place and number, and the rows.
struct Votes {
    rows: Vec<Vec<(usize, u64)>>,
    overall: Vec<u64>,
    total: f64,
}

impl VoteTable {
    /// Returns Krippendorff's alpha (Krippendorff 2011, "Computing Krippendorff's
    /// alpha-reliability"): 1 if all agree, 0 if they do as by chance, less if they agree less.
    ///
    /// Votes may be missing. `None` if there is nothing to compare, if all votes are the same
    /// answer, so that chance would agree as well, or if numbers are too large to be squared.
    ///
    /// # Errors
    ///
    /// Returns [`NotOnTheScale`] if answers are to have an order or a distance, but one of them is
    /// no number and not in [`scale`](Self::scale).
    pub fn krippendorff_alpha(
        &self,
        level: MeasurementLevel,
    ) -> Result<Option<f64>, NotOnTheScale> {
        let votes = Votes::of(self);
        let disagreement = match level {
            MeasurementLevel::Nominal => votes.nominal(),
            MeasurementLevel::Ordinal => votes.interval(&votes.mid_ranks(&self.places(&votes)?)),
            MeasurementLevel::Interval => votes.interval(&self.places(&votes)?),
        };
        let (observed, expected) = disagreement;
        let is_known = expected > 0.0 && expected.is_finite();
        Ok(is_known.then(|| 1.0 - observed / expected))
    }

    /// Returns the places of all answers that can be compared.
    fn places(&self, votes: &Votes) -> Result<Vec<f64>, NotOnTheScale> {
        let place = |(answer, count): (&String, &u64)| {
            let place = match &self.scale {
                Some(scale) => scale.get(answer).copied(),
                None => read_number(answer),
            };
            let place = place.or((*count == 0).then_some(0.0));
            place.ok_or_else(|| NotOnTheScale {
                answer: answer.clone(),
            })
        };
        self.answers.iter().zip(&votes.overall).map(place).collect()
    }
}

impl Votes {
    fn of(table: &VoteTable) -> Self {
        let rows: Vec<_> = table.comparable().collect();
        let mut overall = vec![0; table.answers.len()];
        for (answer, count) in rows.iter().flatten() {
            overall[*answer] += count;
        }
        let total = overall.iter().sum::<u64>() as f64;
        Self {
            rows,
            overall,
            total,
        }
    }

    /// Returns the disagreement within rows and that among all votes, per vote.
    fn nominal(&self) -> (f64, f64) {
        let different = |counts: &[(usize, u64)]| {
            let votes = total(counts);
            let pairs = counts.iter().map(|(_, count)| count * (votes - count));
            pairs.sum::<u64>() as f64 / (votes - 1) as f64
        };
        let observed = self.rows.iter().map(|it| different(it)).sum::<f64>();
        let counts = self.overall.iter().map(|it| *it as f64);
        let expected: f64 = counts.map(|it| it * (self.total - it)).sum();
        (observed, expected / (self.total - 1.0))
    }

    /// The squared differences of all pairs are, but for a factor, the squared distances from
    /// their mean, so no pair need be looked at.
    fn interval(&self, places: &[f64]) -> (f64, f64) {
        let squares = |counts: &mut dyn Iterator<Item = (usize, u64)>| {
            let counts: Vec<(f64, f64)> = counts.map(|it| (places[it.0], it.1 as f64)).collect();
            let votes: f64 = counts.iter().map(|it| it.1).sum();
            let mean = counts
                .iter()
                .map(|(place, count)| place * count / votes)
                .sum::<f64>();
            let from_mean = |(place, count): &(f64, f64)| count * (place - mean).powi(2);
            let sum = counts.iter().map(from_mean).sum::<f64>();
            2.0 * votes * sum / (votes - 1.0)
        };
        let observed = self
            .rows
            .iter()
            .map(|it| squares(&mut it.iter().copied()))
            .sum();
        let expected = squares(&mut self.overall.iter().copied().enumerate());
        (observed, expected)
    }

    /// Returns each answer's mean rank among all votes: differences of these are the ordinal
    /// distances of the paper, half of both ends left out.
    fn mid_ranks(&self, places: &[f64]) -> Vec<f64> {
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
        let mut ranks = vec![0.0; places.len()];
        let mut below = 0;
        for group in order.chunk_by(|a, b| places[*a] == places[*b]) {
            let votes: u64 = group.iter().map(|it| self.overall[*it]).sum();
            for answer in group {
                ranks[*answer] = below as f64 + votes as f64 / 2.0;
            }
            below += votes;
        }
        ranks
    }
}
