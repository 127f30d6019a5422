//! Says which numbers are near enough to count as one.

use serde::{Deserialize, Serialize};

/// How far apart two numbers may lie and still count as one: whichever of the two limits is wider
/// (as in Python's `math.isclose`, PEP 485).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tolerance {
    /// The widest distance, in the unit of the numbers, from 0.
    pub absolute: f64,
    /// The widest distance as a share of the greater number's size, 0 to less than 1.
    pub relative: f64,
}

/// A tolerance that is none.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ToleranceError {
    /// The distance is no distance.
    #[error("an absolute tolerance is a finite number from 0, not {0}")]
    Absolute(f64),
    /// The share is no share.
    #[error("a relative tolerance is a share from 0 to less than 1, not {0}")]
    Relative(f64),
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
    /// Returns a [`ToleranceError`] that names the limit and its range.
    pub fn check(self) -> Result<(), ToleranceError> {
        if !(self.absolute.is_finite() && self.absolute >= 0.0) {
            return Err(ToleranceError::Absolute(self.absolute));
        }
        if !(0.0..1.0).contains(&self.relative) {
            return Err(ToleranceError::Relative(self.relative));
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
