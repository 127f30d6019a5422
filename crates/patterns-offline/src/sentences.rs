//! Splits a paragraph into sentences.
//!
//! The rules are those of a careful reader: a full stop ends a sentence only if white space
//! follows, the next word does not start in lower case, and the word before it is no abbreviation.

use std::ops::Range;

/// Abbreviations that are always followed by more of the same sentence.
const ALWAYS: [&str; 34] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "gen", "sen", "rep", "gov", "capt", "lt", "col", "sgt",
    "maj", "rev", "hon", "messrs", "mt", "vs", "v", "viz", "cf", "eg", "ie", "e.g", "i.e",
    "approx", "ca", "esp", "incl", "resp", "bzw", "z.b",
];

/// Abbreviations that continue the sentence when a number or a label follows.
const BEFORE_NUMBER: [&str; 32] = [
    "no", "nos", "nr", "fig", "figs", "sec", "sect", "eq", "eqs", "ch", "chap", "vol", "p", "pp",
    "art", "par", "para", "tab", "ref", "refs", "ver", "jan", "feb", "mar", "apr", "jun", "jul",
    "aug", "sep", "sept", "oct", "nov",
];

/// Abbreviations that may well end a sentence; the next word decides.
const EITHER: [&str; 14] = [
    "etc", "al", "inc", "ltd", "co", "corp", "jr", "sr", "dept", "est", "fig", "eq", "dec", "ed",
];

/// Words that start sentences far more often than they continue a name.
const STARTERS: [&str; 52] = [
    "a", "an", "the", "this", "that", "these", "those", "it", "its", "he", "she", "they", "we",
    "you", "his", "her", "their", "our", "my", "in", "on", "at", "for", "if", "when", "while",
    "as", "and", "but", "or", "so", "then", "there", "however", "although", "since", "because",
    "after", "before", "by", "with", "from", "to", "not", "no", "each", "some", "most", "all",
    "what", "who", "see",
];

/// Neighbouring words are looked at no further than this, so that splitting stays linear.
const REACH: usize = 24;

/// Returns the byte ranges of the sentences of one paragraph, in order, without white space around
/// them. Together they cover everything that is not white space.
pub(super) fn sentences(paragraph: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(stop) = paragraph[at..].find(is_terminator) {
        let stop = at + stop;
        at = end_of_marks(paragraph, stop);
        if is_boundary(paragraph, start, stop, at) {
            push_trimmed(&mut found, paragraph, start..at);
            start = at;
        }
    }
    push_trimmed(&mut found, paragraph, start..paragraph.len());
    found
}

fn push_trimmed(found: &mut Vec<Range<usize>>, text: &str, range: Range<usize>) {
    let piece = &text[range.clone()];
    let trimmed = piece.trim_start();
    let start = range.start + (piece.len() - trimmed.len());
    let end = start + trimmed.trim_end().len();
    if start < end {
        found.push(start..end);
    }
}

/// Returns whether a text ends like a sentence.
pub(super) fn is_finished(sentence: &str) -> bool {
    sentence
        .trim_end_matches(|c: char| is_closer(c) || c.is_whitespace())
        .ends_with(is_terminator)
}

fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '؟' | '।') || is_wide_terminator(c)
}

/// Terminators of scripts that put no space between sentences.
fn is_wide_terminator(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '｡' | '．')
}

fn is_closer(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '”'
            | '’'
            | '»'
            | ')'
            | ']'
            | '}'
            | '`'
            | '*'
            | '」'
            | '』'
            | '）'
            | '】'
            | '》'
    )
}

fn is_opener(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '“' | '‘' | '«' | '(' | '[' | '{' | '`' | '*' | '¿' | '¡' | '—' | '–'
    )
}

/// Returns where the terminators at `stop`, and the quotes and brackets that close after them, end.
fn end_of_marks(text: &str, stop: usize) -> usize {
    let rest = text[stop..].trim_start_matches(is_terminator);
    let mut rest = rest.trim_start_matches(is_closer);
    // A footnote mark belongs to the sentence before it: "… in 1990.[3] The …".
    while let Some((mark, after)) = rest.strip_prefix('[').and_then(|it| it.split_once(']')) {
        if mark.is_empty() || mark.len() > 3 || !mark.bytes().all(|b| b.is_ascii_digit()) {
            break;
        }
        rest = after;
    }
    text.len() - rest.len()
}

fn is_boundary(text: &str, start: usize, stop: usize, end: usize) -> bool {
    let marks = text[stop..end].trim_end_matches(|c| !is_terminator(c));
    let rest = &text[end..];
    if marks.chars().any(is_wide_terminator) || rest.is_empty() {
        return true;
    }
    if !rest.starts_with(char::is_whitespace) {
        return false;
    }
    let rest = rest.trim_start().trim_start_matches(is_opener);
    if rest.starts_with(char::is_lowercase) || rest.starts_with([',', ';', ':']) {
        return false;
    }
    match marks {
        "." => full_stop_ends(text, start, stop, rest),
        _ if marks.starts_with("..") || marks.starts_with('…') => is_starter(rest),
        _ => true,
    }
}

/// Decides about a single full stop before which the sentence is `text[start..stop]`.
fn full_stop_ends(text: &str, start: usize, stop: usize, rest: &str) -> bool {
    let sentence = &text[start..stop];
    let word = last_word(sentence);
    let lower = word.to_lowercase();
    let lower = lower.as_str();
    let labelled = rest.starts_with(|c: char| c.is_numeric()) || is_label(rest);
    if ALWAYS.contains(&lower) || (BEFORE_NUMBER.contains(&lower) && labelled) {
        return false;
    }
    // "1. The release": a number that opens a sentence is the marker of a list.
    if word.bytes().all(|b| b.is_ascii_digit()) && sentence.trim_start() == word {
        return false;
    }
    if EITHER.contains(&lower) || is_initial(word) || is_acronym(word) {
        return rest.is_empty() || is_starter(rest);
    }
    true
}

/// Returns the last word of an unfinished sentence, without the brackets that open before it.
fn last_word(sentence: &str) -> &str {
    let mut from = sentence.len();
    for (n, (at, c)) in sentence.char_indices().rev().enumerate() {
        if c.is_whitespace() || is_opener(c) || n == REACH {
            break;
        }
        from = at;
    }
    &sentence[from..]
}

/// Returns whether the text starts with a label such as `A` or `B2`.
fn is_label(rest: &str) -> bool {
    let word = first_word(rest);
    word.len() <= 3
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word[1..].bytes().all(|b| b.is_ascii_digit())
        && word != "I"
        && word != "A"
}

/// A single letter, as in "John F. Kennedy".
fn is_initial(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.next().is_none()
}

/// Letters with stops between them, as in "U.S", "a.m" or "Ph.D".
fn is_acronym(word: &str) -> bool {
    word.contains('.')
        && word.split('.').all(|piece| {
            (1..=2).contains(&piece.chars().count()) && piece.chars().all(char::is_alphabetic)
        })
}

/// Returns the first word, or its first characters if it is longer than any word of ours.
fn first_word(rest: &str) -> &str {
    let end = rest
        .char_indices()
        .enumerate()
        .find(|(n, (_, c))| *n == REACH || !c.is_alphanumeric())
        .map_or(rest.len(), |(_, (at, _))| at);
    &rest[..end]
}

fn is_starter(rest: &str) -> bool {
    STARTERS.contains(&first_word(rest).to_lowercase().as_str())
}

#[cfg(test)]
mod tests;
