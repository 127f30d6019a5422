//! Measures how often winners are right, by their share of the votes.

use std::num::NonZeroUsize;

use serde::Serialize;

/// How far shares can be read as chances to be right.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Reliability {
    /// The bins, least shares first, empty ones included.
    pub(crate) bins: Vec<ReliabilityBin>,
    /// The expected calibration error: the mean difference between share and accuracy of the
    /// bins, by their sizes (Naeini et al. 2015; Guo et al. 2017, arXiv 1706.04599). `None`
    /// without elections.
    pub(crate) expected_calibration_error: Option<f64>,
    /// The share of elections whose winner is right.
    pub(crate) accuracy: Option<f64>,
    /// The mean share of the winners.
    pub(crate) mean_share: Option<f64>,
}

/// The elections whose shares are about the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct ReliabilityBin {
    /// Shares are greater than this (in the lowest bin: or equal).
    pub(crate) low: f64,
    /// Shares are at most this.
    pub(crate) high: f64,
    /// How many elections are in the bin.
    pub(crate) elections: u64,
    /// How many of their winners are right.
    pub(crate) correct: u64,
    /// The mean of their shares; `None` in an empty bin.
    pub(crate) mean_share: Option<f64>,
    /// `correct` as a share of `elections`.
    pub(crate) accuracy: Option<f64>,
}

/// Puts elections into bins of equal width by the winner's share, and compares that with how many
/// winners are right.
///
/// `elections` has the winner's share and whether the winner is right, for each election with a
/// winner and a known right answer.
pub(crate) fn reliability(elections: &[(f64, bool)], bins: NonZeroUsize) -> Reliability {
    let sums = sort_into(elections, bins.get());
    let all = sums.iter().fold(Sums::default(), |all, it| Sums {
        elections: all.elections + it.elections,
        correct: all.correct + it.correct,
        shares: all.shares + it.shares,
    });
    let error: f64 = sums
        .iter()
        .map(|it| (it.shares - it.correct as f64).abs())
        .sum();
    let bin = |(number, sums): (usize, &Sums)| sums.bin(number, bins.get());
    Reliability {
        expected_calibration_error: all.mean(error),
        accuracy: all.mean(all.correct as f64),
        mean_share: all.mean(all.shares),
        bins: sums.iter().enumerate().map(bin).collect(),
    }
}

fn sort_into(elections: &[(f64, bool)], bins: usize) -> Vec<Sums> {
    let mut sums = vec![Sums::default(); bins];
    for &(share, is_correct) in elections {
        // A hair less, or 0.07 might not be in the bin that ends there.
        let bin = (share * bins as f64 - 1e-9).ceil().max(1.0) as usize - 1;
        sums[bin.min(bins - 1)].add(share, is_correct);
    }
    sums
}

#[derive(Clone, Copy, Default)]
struct Sums {
    elections: u64,
    correct: u64,
    shares: f64,
}

impl Sums {
    fn add(&mut self, share: f64, is_correct: bool) {
        self.elections += 1;
        self.correct += u64::from(is_correct);
        self.shares += share;
    }

    fn mean(self, sum: f64) -> Option<f64> {
        (self.elections > 0).then(|| sum / self.elections as f64)
    }

    fn bin(self, number: usize, bins: usize) -> ReliabilityBin {
        ReliabilityBin {
            low: number as f64 / bins as f64,
            high: (number + 1) as f64 / bins as f64,
            elections: self.elections,
            correct: self.correct,
            mean_share: self.mean(self.shares),
            accuracy: self.mean(self.correct as f64),
        }
    }
}

#[cfg(test)]
mod tests;
