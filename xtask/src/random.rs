//! Moments and numbers that a seed chooses.

use std::time::Duration;

/// Numbers that look random (SplitMix64; Steele, Lea and Flood 2014).
pub(crate) struct Random(u64);

impl Random {
    /// Begins with a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a time that is shorter.
    pub(crate) fn below(&mut self, limit: Duration) -> Duration {
        limit.mul_f64(self.draw() as f64 / u64::MAX as f64)
    }
}
