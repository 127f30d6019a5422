//! Finds a quote in a document.

use std::ops::Range;

use unicode_normalization::char::decompose_canonical;

use crate::normalise::{is_unseen, plain};

/// Returns where a quote is in a text, in bytes; the first place of several.
///
/// What models write otherwise without a word being another does not count: runs of white space are one
/// space, and none is needed around the quote; the shapes of quotation marks and hyphens, wide forms,
/// how an accent is encoded, and marks that nobody sees. All else, case included, must be the same sign
/// by sign. A quote without a word is nowhere. The time is linear in both.
pub(crate) fn find_quote(text: &str, quote: &str) -> Option<Range<usize>> {
    let sought: String = folded(quote).map(|it| it.1).collect();
    let sought: Vec<char> = sought.trim().chars().collect();
    let borders = borders(&sought);
    let mut signs = folded(text).enumerate().peekable();
    let mut matched = 0;
    while let Some((n, (place, it))) = signs.next() {
        while matched > 0 && sought.get(matched) != Some(&it) {
            matched = borders[matched - 1];
        }
        matched += usize::from(sought.get(matched) == Some(&it));
        // `cafe` is no quote of `café`, though its accent is a sign of its own here.
        let mut is_cut = || signs.peek().is_some_and(|next| next.1.0 == place);
        if matched > 0 && matched == sought.len() && !is_cut() {
            let (first, _) = folded(text).nth(n + 1 - matched)?;
            return Some(first.start..place.end);
        }
    }
    None
}

/// Returns, for each beginning of what is sought, how much of its end is a beginning, too: so far a match goes on
/// when the next sign is another (Knuth, Morris and Pratt).
fn borders(sought: &[char]) -> Vec<usize> {
    let mut borders = vec![0; sought.len()];
    for n in 1..sought.len() {
        let mut border = borders[n - 1];
        while border > 0 && sought[border] != sought[n] {
            border = borders[border - 1];
        }
        borders[n] = border + usize::from(sought[border] == sought[n]);
    }
    borders
}

/// Returns the signs of a text as they are compared, each with the bytes that it stands for.
fn folded(text: &str) -> impl Iterator<Item = (Range<usize>, char)> {
    let mut is_after_space = false;
    let seen = text.char_indices().filter(|it| !is_unseen(it.1));
    let plain = seen.filter_map(move |(at, it)| {
        let is_space = it.is_whitespace();
        let is_repeated = is_space && is_after_space;
        is_after_space = is_space;
        let sign = if is_space { ' ' } else { plain(it) };
        (!is_repeated).then_some((at..at + it.len_utf8(), sign))
    });
    plain.flat_map(|(place, it)| {
        let mut parts = Vec::with_capacity(1);
        decompose_canonical(it, |part| parts.push(part));
        parts.into_iter().map(move |part| (place.clone(), part))
    })
}
