//! Finds a quote in a document.

use std::ops::Range;

/// Returns where a quote is in a text, in bytes; the first place of several.
///
/// Runs of white space count as one space, and white space around the quote does not count; all
/// else must be the same sign by sign. A quote without a word is nowhere. The time is linear in both.
pub(crate) fn find_quote(text: &str, quote: &str) -> Option<Range<usize>> {
    let plain = |text| -> String { folded(text).map(|it| it.1).collect() };
    let sought = plain(quote.trim());
    let from = plain(text).find(&sought).filter(|_| !sought.is_empty())?;
    let (mut passed, mut start) = (0, 0);
    for (at, it) in folded(text) {
        if passed == from {
            start = at;
        }
        passed += it.len_utf8();
        if passed == from + sought.len() {
            return Some(start..at + it.len_utf8());
        }
    }
    None
}

/// Returns the signs of a text with the places of their first bytes, white space as one space.
fn folded(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut is_after_space = false;
    text.char_indices().filter_map(move |(at, it)| {
        let is_space = it.is_whitespace();
        let is_repeated = is_space && is_after_space;
        is_after_space = is_space;
        (!is_repeated).then_some((at, if is_space { ' ' } else { it }))
    })
}
