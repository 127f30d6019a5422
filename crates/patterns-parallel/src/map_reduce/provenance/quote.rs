//! Finds a quote in a document.

use std::ops::Range;

/// Returns where a quote is in a text, in bytes; the first place of several.
///
/// Runs of white space count as one space, and white space around the quote does not count; all
/// else must be the same sign by sign. A quote without a word is nowhere. The time is linear in
/// both (Knuth, Morris and Pratt 1977), and memory only what the quote takes.
pub(crate) fn find_quote(text: &str, quote: &str) -> Option<Range<usize>> {
    let sought: Vec<char> = folded(quote.trim()).map(|(_, it)| it).collect();
    let shorter = shorter_matches(&sought);
    let mut matched = 0;
    for (end, it) in folded(text) {
        while matched > 0 && sought[matched] != it {
            matched = shorter[matched - 1];
        }
        if *sought.get(matched)? == it {
            matched += 1;
        }
        if matched == sought.len() {
            let end = end + it.len_utf8();
            return Some(start(&text[..end], &sought)..end);
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

/// Returns, for each beginning of the quote, how long the longest shorter beginning is that it ends with.
fn shorter_matches(sought: &[char]) -> Vec<usize> {
    let mut shorter = vec![0; sought.len()];
    let mut matched = 0;
    for place in 1..sought.len() {
        while matched > 0 && sought[matched] != sought[place] {
            matched = shorter[matched - 1];
        }
        if sought[matched] == sought[place] {
            matched += 1;
        }
        shorter[place] = matched;
    }
    shorter
}

/// Goes back from the end of a match to its first byte.
fn start(upto: &str, sought: &[char]) -> usize {
    let mut signs = upto.char_indices().rev().peekable();
    let mut start = upto.len();
    for sought in sought.iter().rev() {
        let Some((at, it)) = signs.next() else { break };
        start = at;
        if *sought == ' ' && it.is_whitespace() {
            while let Some((at, _)) = signs.next_if(|(_, it)| it.is_whitespace()) {
                start = at;
            }
        }
    }
    start
}
