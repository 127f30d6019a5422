//! Compares shares of votes with what was right.

use serde::{Deserialize, Serialize};

/// How far shares can be read as chances to be right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The bins, least shares first, empty ones included.
    pub bins: Vec<ReliabilityBin>,
    /// The expected calibration error: the mean difference between share and accuracy of the
    /// bins, by their sizes (Naeini et al. 2015; Guo et al. 2017, arXiv 1706.04599). `None`
    /// without elections.
    pub expected_calibration_error: Option<f64>,
    /// The share of elections whose winner is right.
    pub accuracy: Option<f64>,
    /// The mean share of the winners.
    pub mean_share: Option<f64>,
}

/// The elections whose shares are about the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Shares are greater than this (in the lowest bin: or equal).
    pub low: f64,
    /// Shares are at most this.
    pub high: f64,
    /// How many elections are in the bin.
    pub elections: u64,
    /// How many of their winners are right.
    pub correct: u64,
    /// The mean of their shares; `None` in an empty bin.
    pub mean_share: Option<f64>,
    /// `correct` as a share of `elections`.
    pub accuracy: Option<f64>,
}

/// Why there is no reliability table.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReliabilityError {
    /// There is nothing to put elections in.
    #[error("a reliability table has at least one bin")]
    NoBins,
    /// What should be a share is not.
    #[error("election {} has the share {share}, not one from 0 to 1", .election + 1)]
    NotAShare {
        /// The election's place, from 0.
        election: usize,
        /// The number.
        share: f64,
    },
}

/// Puts elections into bins of equal width by the winner's share, and compares that with how many
/// winners are right.
///
/// `elections` has the winner's share and whether the winner is right, for each election with a
/// winner and a known right answer.
///
/// # Errors
///
/// Returns a [`ReliabilityError`] if there are no bins, or a share is not from 0 to 1.
///
/// ```
/// let table = patterns_parallel::voting::reliability(&[(0.6, false), (1.0, true), (1.0, true)], 5)?;
/// assert!((table.expected_calibration_error.unwrap() - 0.2).abs() < 1e-9);
/// # Ok::<(), patterns_parallel::voting::ReliabilityError>(())
/// ```
pub fn reliability(
    elections: &[(f64, bool)],
    bins: usize,
) -> Result<Reliability, ReliabilityError> {
    if bins == 0 {
        return Err(ReliabilityError::NoBins);
    }
    let sums = sort_into(elections, bins)?;
    let all = sums.iter().fold(Sums::default(), |all, it| Sums {
        elections: all.elections + it.elections,
        correct: all.correct + it.correct,
        shares: all.shares + it.shares,
    });
    let error: f64 = sums
        .iter()
        .map(|it| (it.shares - it.correct as f64).abs())
        .sum();
    Ok(Reliability {
        expected_calibration_error: all.mean(error),
        accuracy: all.mean(all.correct as f64),
        mean_share: all.mean(all.shares),
        bins: sums
            .iter()
            .enumerate()
            .map(|(n, sums)| sums.bin(n, bins))
            .collect(),
    })
}

fn sort_into(elections: &[(f64, bool)], bins: usize) -> Result<Vec<Sums>, ReliabilityError> {
    let mut sums = vec![Sums::default(); bins];
    for (election, (share, is_correct)) in elections.iter().copied().enumerate() {
        if !(0.0..=1.0).contains(&share) {
            return Err(ReliabilityError::NotAShare { election, share });
        }
        // A hair less, or 0.07 might not be in the bin that ends there.
        let bin = (share * bins as f64 - 1e-9).ceil().max(1.0) as usize - 1;
        sums[bin.min(bins - 1)].add(share, is_correct);
    }
    Ok(sums)
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
