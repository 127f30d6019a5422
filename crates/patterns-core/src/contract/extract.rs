//! Finds the JSON value in a model's text and mends small damage, never silently.
//!
//! Every step is a single pass over the text, and the number of passes is bounded, so hostile
//! text costs time linear in its length and cannot exhaust the stack.

mod json;
mod number;
mod slice;
mod thoughts;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Rejection;
use json::{Unreadable, parse};
use slice::{Scan, slices};
use thoughts::without_thoughts;

pub(super) use json::parse_strictly;

/// The longest answer that is looked at.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// The deepest nesting that is accepted.
pub const MAX_DEPTH: usize = 100;

/// The most different JSON values of one text.
const MAX_CANDIDATES: usize = 32;

/// The most places in a text that are tried as JSON.
const MAX_PLACES: usize = 1_000;

/// Something that was mended to read an answer. None of them changes a value that anything is
/// decided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fix {
    /// A byte order mark was dropped.
    ByteOrderMark,
    /// The JSON was taken out of a Markdown code fence.
    CodeFence,
    /// Words around the JSON were dropped.
    SurroundingText,
    /// Commas before a closing bracket were dropped.
    TrailingComma,
    /// What the model thought aloud before its answer was dropped.
    Thoughts,
    /// A value that only informs was moved into its range, or left out.
    OutOfRange,
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteOrderMark => "byte order mark",
            Self::CodeFence => "code fence",
            Self::SurroundingText => "words around the JSON",
            Self::TrailingComma => "trailing comma",
            Self::Thoughts => "thoughts before the answer",
            Self::OutOfRange => "value out of range",
        })
    }
}

/// A JSON value found in a text.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) value: Value,
    pub(super) fixes: Vec<Fix>,
}

/// Returns the JSON values in `text`, in its order, equal ones once.
///
/// What a model thought aloud before its answer is no part of it, unless the whole text is JSON.
pub(super) fn candidates(text: &str) -> Result<Vec<Candidate>, Rejection> {
    if text.len() > MAX_ANSWER_BYTES {
        let message = format!("the answer is too long: at most {MAX_ANSWER_BYTES} bytes are read");
        return Err(Rejection::one("", message));
    }
    let mut fixes = Vec::new();
    let text = text.trim();
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => {
            fixes.push(Fix::ByteOrderMark);
            rest.trim_start()
        }
        None => text,
    };
    let whole = match parse(text) {
        _ if text.is_empty() => return Err(Rejection::one("", "the answer is empty")),
        Ok(value) => return Ok(vec![Candidate { value, fixes }]),
        Err(error) => error,
    };
    let Some(answer) = without_thoughts(text) else {
        return among(text, whole, &fixes);
    };
    let answer = answer.trim();
    fixes.push(Fix::Thoughts);
    match parse(answer) {
        _ if answer.is_empty() => {
            let message = "there are thoughts, but no answer behind them";
            Err(Rejection::one("", message))
        }
        Ok(value) => Ok(vec![Candidate { value, fixes }]),
        Err(error) => among(answer, error, &fixes),
    }
}

/// Returns the JSON values among the words of `text`, which is none itself because of `whole`.
fn among(text: &str, whole: Unreadable, fixes: &[Fix]) -> Result<Vec<Candidate>, Rejection> {
    let mut rejection = match whole {
        Unreadable::Syntax(error) => Rejection::one("", format!("the answer is not JSON: {error}")),
        Unreadable::Refused(violation) => violation.into(),
    };
    let mut found: Vec<Candidate> = Vec::new();
    for (n, slice) in slices(text).into_iter().enumerate() {
        if n == MAX_PLACES || found.len() > MAX_CANDIDATES {
            let message = "there are too many JSON values; give one object and nothing else";
            return Err(Rejection::one("", message));
        }
        let how = fixes.iter().copied().chain(slice.how).collect();
        match mend(slice.text, how) {
            Ok(candidate) if found.iter().any(|it| it.value == candidate.value) => {}
            Ok(candidate) => found.push(candidate),
            // It may be the answer, and all before it a draft.
            Err(_) if slice.is_cut && !found.is_empty() => {
                let message = "the answer is not complete: its JSON is cut off at the end";
                return Err(Rejection::one("", message));
            }
            Err(Unreadable::Refused(violation)) => rejection = violation.into(),
            Err(Unreadable::Syntax(_)) => {}
        }
    }
    if found.is_empty() {
        return Err(rejection);
    }
    Ok(found)
}

/// Parses `slice`, dropping commas before closing brackets if it must. What is open at the end is
/// never closed: the text may have been cut within a list, and who knows what is missing.
fn mend(slice: &str, mut fixes: Vec<Fix>) -> Result<Candidate, Unreadable> {
    let error = match parse(slice) {
        Ok(value) => return Ok(Candidate { value, fixes }),
        Err(refused @ Unreadable::Refused(_)) => return Err(refused),
        Err(error) => error,
    };
    let mut scan = Scan::default();
    let mut mended = String::with_capacity(slice.len());
    let mut dropped_comma = false;
    for character in slice.chars() {
        if !scan.in_string && matches!(character, '}' | ']') {
            dropped_comma |= drop_trailing_comma(&mut mended);
        }
        scan.step(u8::try_from(character).unwrap_or(b'x'));
        if scan.open.len() > MAX_DEPTH {
            return Err(error);
        }
        mended.push(character);
    }
    if !dropped_comma {
        return Err(error);
    }
    fixes.push(Fix::TrailingComma);
    let value = parse(&mended)?;
    Ok(Candidate { value, fixes })
}

fn drop_trailing_comma(text: &mut String) -> bool {
    let kept = text.trim_end().strip_suffix(',').map(str::len);
    if let Some(length) = kept {
        text.truncate(length);
    }
    kept.is_some()
}

#[cfg(test)]
mod tests;
