//! Finds the text that a chunk repeats of the one before it.

use std::ops::Range;

use patterns_core::TokenCounter;

/// A token of more bytes than this is not expected; it bounds how far back is looked.
const LONGEST_TOKEN: u64 = 16;

/// Returns where a chunk begins that repeats at most `overlap` tokens before `chunk`, not reaching
/// back beyond `floor`, and has at most `max` tokens as a whole. It begins with a line if there is
/// one in reach, else with a word.
pub(super) fn reach_back(
    text: &str,
    floor: usize,
    chunk: Range<usize>,
    (overlap, max): (u64, u64),
    counter: &TokenCounter,
) -> usize {
    let reach = usize::try_from(overlap.saturating_mul(LONGEST_TOKEN)).unwrap_or(usize::MAX);
    let furthest = floor.max(chunk.start.saturating_sub(reach));
    let fits = |from: usize| {
        counter.count(&text[from..chunk.start]) <= overlap
            && counter.count(&text[from..chunk.end]) <= max
    };
    let (mut low, mut high) = (floor_boundary(text, furthest), chunk.start);
    while low < high {
        let middle = floor_boundary(text, low + (high - low) / 2);
        if fits(middle) {
            high = middle;
        } else {
            low = middle + text[middle..].chars().next().map_or(1, char::len_utf8);
        }
    }
    let from = snap(text, high..chunk.start);
    // A tokenizer may count a part as more than the whole.
    if fits(from) { from } else { chunk.start }
}

/// Moves the beginning of a range to that of a line, or of a word, if there is one.
fn snap(text: &str, range: Range<usize>) -> usize {
    let inside = &text[range.clone()];
    let before = text[..range.start].chars().next_back();
    let is_line = before.is_none_or(|it| it == '\n');
    let is_word = before.is_some_and(char::is_whitespace);
    let line = inside.find('\n').map(|at| at + 1);
    let word = inside.find(char::is_whitespace);
    let at = match (line, word) {
        _ if is_line => 0,
        (Some(line), _) if !inside[line..].trim().is_empty() => line,
        (_, Some(word)) if !is_word => word,
        _ => 0,
    };
    let rest = &inside[at..];
    range.start + at + rest.len() - rest.trim_start().len()
}

/// Returns the boundary of a character at or before a place, or the end of the text.
pub(super) fn floor_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    let places = (at.saturating_sub(3)..=at).rev();
    places
        .into_iter()
        .find(|it| text.is_char_boundary(*it))
        .unwrap_or(0)
}
