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
    let sought = sought.trim();
    if sought.is_empty() {
        return None;
    }
    let seen: String = folded(text).map(|it| it.1).collect();
    let mut signs = folded(text).peekable();
    let mut passed = 0;
    for (from, _) in seen.match_indices(sought) {
        let mut start = None;
        while let Some((place, it)) = signs.next() {
            start = start.or((passed >= from).then_some(place.start));
            passed += it.len_utf8();
            if passed == from + sought.len() {
                // `cafe` is no quote of `café`, though its accent is a sign of its own here.
                let is_cut = signs.peek().is_some_and(|next| next.0 == place);
                match is_cut {
                    true => break,
                    false => return Some(start?..place.end),
                }
            }
        }
    }
    None
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
