//! Measures of what statements cite.

use std::collections::BTreeSet;

use crate::SupportCounts;

/// Returns the share of the inputs that are cited at least once, 0 to 1; `None` without inputs.
///
/// The coverage of inputs by citations, as in the citation recall of ALCE (arXiv 2305.14627), but
/// counted over documents. Citations of what is no input do not count.
///
/// ```
/// assert_eq!(patterns_parallel::input_coverage(["b", "b", "x"], ["a", "b"]), Some(0.5));
/// ```
pub fn input_coverage<'a>(
    cited: impl IntoIterator<Item = &'a str>,
    inputs: impl IntoIterator<Item = &'a str>,
) -> Option<f64> {
    let inputs: BTreeSet<&str> = inputs.into_iter().collect();
    let cited: BTreeSet<&str> = cited.into_iter().filter(|it| inputs.contains(it)).collect();
    share(cited.len() as u64, inputs.len() as u64)
}

/// Returns how evenly the places of the input are cited: the entropy of the citations per place,
/// over its maximum, the logarithm of the number of places (Pielou's evenness, 1966).
///
/// 1 if all places are cited alike, 0 if all citations are of one place; a low value betrays a
/// model that reads the beginning and the end only (arXiv 2307.03172). `None` with fewer than two
/// places, or without citations.
///
/// ```
/// assert_eq!(patterns_parallel::position_entropy(&[2, 2, 2, 2]), Some(1.0));
/// assert_eq!(patterns_parallel::position_entropy(&[3, 0, 0, 3]), Some(0.5));
/// ```
pub fn position_entropy(citations: &[u64]) -> Option<f64> {
    let all: f64 = citations.iter().map(|it| *it as f64).sum();
    if citations.len() < 2 || all == 0.0 {
        return None;
    }
    let shares = citations
        .iter()
        .filter(|it| **it > 0)
        .map(|it| *it as f64 / all);
    let entropy: f64 = shares.map(|it| -it * it.log2()).sum();
    // Rounding may leave the range, and makes a negative zero of one place.
    Some((entropy.abs() / (citations.len() as f64).log2()).min(1.0))
}

/// Returns the share of statements that are grounded in what they were made of, 0 to 1; `None`
/// without statements.
///
/// Mechanical: the sources are allowed and the quotes are there. Whether a source really says so
/// (what ALCE has a model of entailment for) it does not tell.
pub fn statement_support(counts: &SupportCounts) -> Option<f64> {
    share(counts.supported, counts.total())
}

/// Returns the share of quotes that are in the document they are said to be from, 0 to 1; `None`
/// without quotes.
pub fn quote_exactness(counts: &SupportCounts) -> Option<f64> {
    share(counts.quotes_found, counts.quotes)
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
