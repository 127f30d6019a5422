//! Reads ballots as numbers and says how far they lie apart.

use serde::{Deserialize, Serialize};

use crate::normalise;

/// A ballot that is a finite number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::voting) struct Number {
    pub(in crate::voting) value: f64,
    /// Its place among all ballots.
    pub(in crate::voting) voter: usize,
}

/// How far numbers lie apart. Quartiles are interpolated linearly between the sorted votes
/// (definition 7 of Hyndman and Fan 1996, the one of R, NumPy and spreadsheets).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The least vote.
    pub min: f64,
    /// A quarter of the votes are below.
    pub lower_quartile: f64,
    /// A quarter of the votes are above.
    pub upper_quartile: f64,
    /// The greatest vote.
    pub max: f64,
    /// The upper quartile less the lower: the width of the middle half.
    pub interquartile_range: f64,
}

/// Reads an answer as a finite number, with its thousands separators as `normalise` reads them.
///
/// A currency or a percent sign is a unit, not arithmetic: `42 %` is 42, not 0.42. Infinities, NaN,
/// and whatever has further words are no numbers.
///
/// ```
/// use patterns_parallel::voting::read_number;
///
/// assert_eq!(read_number("$1,200"), Some(1200.0));
/// assert_eq!(read_number("42 %"), Some(42.0));
/// assert_eq!(read_number("3,5,7"), None);
/// assert_eq!(read_number("inf"), None);
/// ```
pub fn read_number(answer: &str) -> Option<f64> {
    const UNITS: [char; 6] = ['%', '$', '€', '£', '¥', ' '];
    let text = normalise(answer)?;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.as_str()),
    };
    let digits = normalise(digits.trim_matches(UNITS))?;
    let number: f64 = digits.parse().ok()?;
    number.is_finite().then_some(sign * number)
}

/// Returns the finite numbers, least first; equal ones in voter order.
pub(in crate::voting) fn sorted(ballots: impl IntoIterator<Item = Option<f64>>) -> Vec<Number> {
    let reading = |(voter, ballot): (usize, Option<f64>)| {
        let value = ballot.filter(|it| it.is_finite())?;
        Some(Number { value, voter })
    };
    let ballots = ballots.into_iter().enumerate();
    let mut votes: Vec<Number> = ballots.filter_map(reading).collect();
    // Negative zero is zero; a stable sort keeps the voters' order.
    votes.iter_mut().for_each(|it| it.value += 0.0);
    votes.sort_by(|a, b| a.value.total_cmp(&b.value));
    votes
}

/// Returns the two votes in the middle of sorted ones: the same one twice if their number is odd.
pub(in crate::voting) fn middles(votes: &[Number]) -> Option<(Number, Number)> {
    let low = votes.len().checked_sub(1)? / 2;
    Some((*votes.get(low)?, *votes.get(votes.len() / 2)?))
}

/// Returns how far sorted votes lie apart.
pub(in crate::voting) fn spread(votes: &[Number]) -> Option<Spread> {
    let (lower, upper) = (quantile(votes, 0.25)?, quantile(votes, 0.75)?);
    Some(Spread {
        min: votes.first()?.value,
        lower_quartile: lower,
        upper_quartile: upper,
        max: votes.last()?.value,
        interquartile_range: (upper - lower).min(f64::MAX),
    })
}

fn quantile(votes: &[Number], share: f64) -> Option<f64> {
    let place = votes.len().checked_sub(1)? as f64 * share;
    let low = votes.get(place.floor() as usize)?.value;
    let high = votes.get(place.ceil() as usize)?.value;
    let weight = place.fract();
    let between = low * (1.0 - weight) + high * weight;
    Some(between.clamp(low, high))
}
