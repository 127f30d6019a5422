//! Measures of what is said twice, and of what changes with the order of the input.

use std::collections::HashSet;

use super::words::{n_grams, words};
use crate::normalise;

/// Returns the share of statements that an earlier one says in the same words, 0 to 1; `None`
/// without statements. Spelling does not count ([`normalise`]).
///
/// ```
/// let share = patterns_parallel::repeated_statements(["It is old.", "It floats.", "it is OLD"]);
/// assert_eq!(share, Some(1.0 / 3.0));
/// ```
pub fn repeated_statements<'a>(statements: impl IntoIterator<Item = &'a str>) -> Option<f64> {
    let (mut seen, mut all) = (HashSet::new(), 0_usize);
    for statement in statements {
        seen.insert(normalise(statement));
        all += 1;
    }
    (all > 0).then(|| (all - seen.len()) as f64 / all as f64)
}

/// Returns the share of the sequences of five words that have occurred before, 0 to 1 (one less
/// the distinct-n of Li et al., arXiv 1510.03055); `None` for fewer than five words.
///
/// ```
/// let share = patterns_parallel::repeated_five_grams("a b c d e a b c d e");
/// assert_eq!(share, Some(1.0 / 6.0));
/// ```
pub fn repeated_five_grams(text: &str) -> Option<f64> {
    let words = words(text);
    let all = words.windows(5).count();
    (all > 0).then(|| (all - n_grams(&words, 5).len()) as f64 / all as f64)
}

/// Returns how much two results differ that were made of the same input in another order: one
/// less the Jaccard index of their sequences of three words.
///
/// 0 if they are the same but for order, case and punctuation, 1 if they have nothing in common.
/// Where a text has fewer than three words, single words are compared.
///
/// ```
/// use patterns_parallel::order_sensitivity;
///
/// assert_eq!(order_sensitivity("Old, and it floats.", "old and it floats"), 0.0);
/// assert_eq!(order_sensitivity("a b c d", "b c d e"), 1.0 - 1.0 / 3.0);
/// ```
pub fn order_sensitivity(one: &str, other: &str) -> f64 {
    let (one, other) = (words(one), words(other));
    let n = if one.len().min(other.len()) < 3 { 1 } else { 3 };
    let (one, other) = (n_grams(&one, n), n_grams(&other, n));
    let all = one.union(&other).count();
    if all == 0 {
        return 0.0;
    }
    1.0 - one.intersection(&other).count() as f64 / all as f64
}
