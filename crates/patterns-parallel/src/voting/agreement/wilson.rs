//! The interval that a share of votes stands for.

use serde::{Deserialize, Serialize};

/// A range of shares, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShareInterval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Returns the 95 % interval of a share by Wilson's score method (Wilson 1927), without continuity
/// correction; `None` without votes, or with more than the total.
///
/// It is that of independent votes. Those of one model are not: many of them count as few, and
/// the interval is then too narrow.
///
/// ```
/// let interval = patterns_parallel::voting::wilson_interval(8, 10).unwrap();
/// assert!((interval.low - 0.490).abs() < 1e-3 && (interval.high - 0.943).abs() < 1e-3);
/// ```
pub fn wilson_interval(votes: u64, total: u64) -> Option<ShareInterval> {
    /// The 97.5 % quantile of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    if total == 0 || votes > total {
        return None;
    }
    let (votes, total) = (votes as f64, total as f64);
    let share = votes / total;
    let scale = 1.0 + Z * Z / total;
    let centre = (share + Z * Z / (2.0 * total)) / scale;
    let variance = share * (1.0 - share) / total + Z * Z / (4.0 * total * total);
    let half = Z * variance.sqrt() / scale;
    // At the ends the limits are the share itself, but for rounding.
    Some(ShareInterval {
        low: (centre - half).clamp(0.0, share),
        high: (centre + half).clamp(share, 1.0),
    })
}
