//! Finds the JSON value in a model's text and mends small damage, never silently.
//!
//! Every step is a single pass over the text, and the number of passes is bounded, so hostile
//! text costs time linear in its length and cannot exhaust the stack.

mod json;
mod number;
mod repair;
mod slice;
mod thoughts;

use std::borrow::Cow;

use serde_json::Value;

use super::Rejection;
use json::{Unreadable, parse};
use repair::repair;
use slice::{MAX_PLACES, slices};
use thoughts::{own_turn, without_thoughts};

pub use json::MAX_DEPTH;
pub(super) use json::parse_strictly;
pub use repair::Fix;

/// The longest answer that is looked at.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// The most different JSON values of one text.
const MAX_CANDIDATES: usize = 32;

/// A JSON value found in a text.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) value: Value,
    pub(super) fixes: Vec<Fix>,
}

impl Candidate {
    /// Makes a candidate, without the brackets or quotes around all of it: a list of one object, or a
    /// text that is one, is written JSON twice over. A name around it is another matter: it may say
    /// that the answer is not meant.
    fn new(mut value: Value, mut fixes: Vec<Fix>) -> Self {
        if let Some(inner) = unwrapped(&value) {
            value = inner;
            fixes.push(Fix::Wrapped);
        }
        Self { value, fixes }
    }
}

/// How often an answer may be wrapped.
const MAX_WRAPS: usize = 3;

/// Returns the object that is wrapped in `value`, if nothing else is in it.
fn unwrapped(value: &Value) -> Option<Value> {
    let mut value = Cow::Borrowed(value);
    for _ in 0..MAX_WRAPS {
        value = match &*value {
            Value::Array(items) if items.len() == 1 => Cow::Owned(items[0].clone()),
            Value::String(text) => Cow::Owned(parse(text.trim()).ok()?),
            _ => return None,
        };
        if value.is_object() {
            return Some(value.into_owned());
        }
    }
    None
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
        Ok(value) => return Ok(vec![Candidate::new(value, fixes)]),
        Err(error) => error,
    };
    let text = match own_turn(text) {
        Some(turn) => {
            fixes.push(Fix::SurroundingText);
            turn
        }
        None => text,
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
        Ok(value) => Ok(vec![Candidate::new(value, fixes)]),
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
        match repair(slice.text) {
            Ok((value, _)) if found.iter().any(|it| it.value == value) => {}
            Ok((value, fix)) => {
                let how = slice.how.filter(|it| !fixes.contains(it));
                let fixes = fixes.iter().copied().chain(how).chain(fix).collect();
                found.push(Candidate::new(value, fixes));
            }
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

#[cfg(test)]
mod tests;
