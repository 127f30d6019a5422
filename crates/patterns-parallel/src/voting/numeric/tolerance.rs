//! Says which numbers are near enough to count as one, and finds the largest group of them.

use serde::{Deserialize, Serialize};

use super::{NumericRuleError, Reading};

/// How far apart two numbers may lie and still count as one: whichever of the two limits is wider
/// (as in Python's `math.isclose`, PEP 485).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tolerance {
    /// The widest distance, in the unit of the numbers, from 0.
    pub absolute: f64,
    /// The widest distance as a share of the greater number's size, 0 to less than 1.
    pub relative: f64,
}

impl Tolerance {
    /// Makes a tolerance in the unit of the numbers.
    pub fn absolute(distance: f64) -> Self {
        Self {
            absolute: distance,
            relative: 0.0,
        }
    }

    /// Makes a tolerance as a share of the numbers' size.
    pub fn relative(share: f64) -> Self {
        Self {
            absolute: 0.0,
            relative: share,
        }
    }

    /// Checks that both limits are in range.
    ///
    /// # Errors
    ///
    /// Returns a [`NumericRuleError`] that names the limit and its range.
    pub fn check(self) -> Result<(), NumericRuleError> {
        if !(self.absolute.is_finite() && self.absolute >= 0.0) {
            return Err(NumericRuleError::AbsoluteTolerance(self.absolute));
        }
        if !(0.0..1.0).contains(&self.relative) {
            return Err(NumericRuleError::RelativeTolerance(self.relative));
        }
        Ok(())
    }

    /// Returns whether two numbers count as one.
    pub fn holds(self, a: f64, b: f64) -> bool {
        // A hair more, or 0.3 would not be within 0.1 of 0.2.
        let hair = 4.0 * f64::EPSILON * a.abs().max(b.abs());
        let relative = self.relative * a.abs().max(b.abs());
        a == b || (a - b).abs() <= self.absolute.max(relative) + hair
    }
}

/// Returns the largest run of sorted votes that are all within the tolerance of each other, and
/// whether there is another one as large.
///
/// Of several the one with the earliest ballot is returned; where they share it, the tightest.
pub(in crate::voting) fn largest_cluster(
    votes: &[Reading],
    tolerance: Tolerance,
) -> (&[Reading], bool) {
    let clusters = || {
        let mut end = 0;
        (0..votes.len()).map(move |start| {
            let first = votes[start].value;
            while end < votes.len() && tolerance.holds(first, votes[end].value) {
                end += 1;
            }
            &votes[start..end]
        })
    };
    let largest = clusters().map(<[_]>::len).max().unwrap_or(0);
    let leading = || clusters().filter(|it| it.len() == largest);
    let first = leading().min_by(|a, b| {
        let by_ballot = earliest(a).cmp(&earliest(b));
        by_ballot.then(width(a).total_cmp(&width(b)))
    });
    (first.unwrap_or_default(), leading().count() > 1)
}

fn earliest(cluster: &[Reading]) -> Option<usize> {
    cluster.iter().map(|it| it.voter).min()
}

fn width(cluster: &[Reading]) -> f64 {
    match cluster {
        [first, .., last] => last.value - first.value,
        _ => 0.0,
    }
}
