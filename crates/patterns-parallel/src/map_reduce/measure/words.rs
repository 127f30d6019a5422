//! Words and word n-grams of texts.

use std::collections::HashSet;

/// Returns the words of a text in lower case: runs of letters and digits.
pub(super) fn words(text: &str) -> Vec<String> {
    let words = text.split(|it: char| !it.is_alphanumeric());
    words
        .filter(|it| !it.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Returns the different sequences of `n` words.
pub(super) fn n_grams(words: &[String], n: usize) -> HashSet<&[String]> {
    words.windows(n).collect()
}
