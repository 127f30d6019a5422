//! A share of votes: how many are enough to win, and its confidence interval.

use serde::Serialize;

use super::wrong_value;
use crate::RunError;

/// The share of the valid votes that an answer needs to win.
///
/// ```
/// use patterns_parallel::voting::Share;
///
/// assert_eq!(Share::new(1.0), Some(Share::ALL));
/// assert_eq!(Share::new(1.5), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// From 0 to 1.
    least: f64,
    /// Whether just that is enough, or it takes more.
    is_enough: bool,
}

/// A hair of tolerance, in votes: without it 2 of 3 would miss a share that is written as 0.6667.
const HAIR: f64 = 1e-3;

impl Share {
    /// None: any vote is enough.
    pub const NONE: Self = Self::more_than(0.0);
    /// More than half.
    pub const MORE_THAN_HALF: Self = Self::more_than(0.5);
    /// Two of three.
    pub const TWO_THIRDS: Self = Self::at_least(2.0 / 3.0);
    /// The whole.
    pub const ALL: Self = Self::at_least(1.0);

    /// This share or more; `None` if the number is none from 0 to 1.
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0)
            .contains(&share)
            .then_some(Self::at_least(share))
    }

    const fn at_least(least: f64) -> Self {
        let is_enough = true;
        Self { least, is_enough }
    }

    const fn more_than(least: f64) -> Self {
        let is_enough = false;
        Self { least, is_enough }
    }

    /// Reads the share that a rule needs.
    pub(in crate::voting) fn read(name: &str, value: Option<&str>) -> Result<Self, RunError> {
        const FORMS: &str = "such as 0.6, 60% or 2/3";
        let wrong = |reason| wrong_value(name, reason);
        let text = value.ok_or_else(|| wrong(format!("it needs a share, {FORMS}")))?;
        let number =
            read_share(text).ok_or_else(|| wrong(format!("`{text}` is no share, {FORMS}")))?;
        Self::new(number).ok_or_else(|| wrong(format!("{number} is no share from 0 to 1")))
    }

    /// Returns the number from which it is enough.
    pub(in crate::voting) fn get(self) -> f64 {
        self.least
    }

    /// Returns whether `part` of `whole` is enough, both in votes.
    pub(in crate::voting) fn is_met(self, part: f64, whole: f64) -> bool {
        match self.is_enough {
            true => part + HAIR >= self.least * whole,
            false => part > self.least * whole + 1e-9,
        }
    }

    /// Returns how many of `valid` votes are enough.
    pub(in crate::voting) fn least_votes(self, valid: u64) -> u64 {
        let votes = self.least * valid as f64;
        match self.is_enough {
            true => (votes - HAIR).ceil().max(0.0) as u64,
            false => votes as u64 + 1,
        }
    }
}

/// Reads `0.6`, `60%` or `3/5`.
pub(super) fn read_share(text: &str) -> Option<f64> {
    if let Some((part, whole)) = text.split_once('/') {
        return Some(part.trim().parse::<f64>().ok()? / whole.trim().parse::<f64>().ok()?);
    }
    match text.strip_suffix('%') {
        // Shifted in decimal, as a division by 100 may round.
        Some(percent) => format!("{}e-2", percent.trim()).parse().ok(),
        None => text.parse().ok(),
    }
}

/// A range of shares, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ShareInterval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl ShareInterval {
    /// Returns the 95 % interval of a share by Wilson's score method (Wilson 1927), without continuity
    /// correction; `None` without votes, or with more than the total.
    ///
    /// It is that of independent votes. Those of one model are not: many of them count as few, and
    /// the interval is then too narrow.
    ///
    /// ```
    /// let interval = patterns_parallel::voting::ShareInterval::wilson(8, 10).unwrap();
    /// assert!((interval.low - 0.490).abs() < 1e-3 && (interval.high - 0.943).abs() < 1e-3);
    /// ```
    pub fn wilson(votes: u64, total: u64) -> Option<Self> {
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
        Some(Self {
            low: (centre - half).clamp(0.0, share),
            high: (centre + half).clamp(share, 1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_number_is_no_share() {
        assert_eq!(Share::new(f64::NAN), None);
    }

    #[test]
    fn the_least_votes_are_the_least_that_are_enough() {
        let shares = [0.0, 0.4, 0.6667, 2.0 / 3.0, 1.0].map(|it| Share::new(it).unwrap());
        for least in [Share::NONE, Share::MORE_THAN_HALF]
            .into_iter()
            .chain(shares)
        {
            for valid in 1..20_u64 {
                let votes = least.least_votes(valid);
                assert!(
                    least.is_met(votes as f64, valid as f64),
                    "{least:?} of {valid}"
                );
                let fewer = votes.saturating_sub(1) as f64;
                let is_least = votes == 0 || !least.is_met(fewer, valid as f64);
                assert!(is_least, "{least:?} of {valid}");
            }
        }
    }

    #[test]
    fn intervals_are_those_of_newcombe() {
        // Newcombe 1998, "Two-sided confidence intervals for the single proportion", method 3.
        for (votes, total, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let interval = ShareInterval::wilson(votes, total).unwrap();
            assert!((interval.low - low).abs() < 5e-5, "{interval:?}");
            assert!((interval.high - high).abs() < 5e-5, "{interval:?}");
        }
        assert_eq!(ShareInterval::wilson(0, 0), None);
        assert_eq!(ShareInterval::wilson(3, 2), None);
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_share(total in 1..1000_u64, share in 0.0..=1.0) {
            let votes = (share * total as f64) as u64;
            let interval = ShareInterval::wilson(votes, total).unwrap();
            let share = votes as f64 / total as f64;
            prop_assert!(0.0 <= interval.low && interval.low <= share);
            prop_assert!(share <= interval.high && interval.high <= 1.0);
            prop_assert!(interval.high - interval.low < 0.82);
        }
    }
}
