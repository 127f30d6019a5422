//! Finds the JSON value in a model's text and mends small damage, never silently.
//!
//! Every step is a single pass over the text, and the number of passes is bounded, so hostile
//! text costs time linear in its length and cannot exhaust the stack.

mod json;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Rejection;
use json::{Unreadable, parse};

/// The longest answer that is looked at.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// The deepest nesting that is accepted.
pub const MAX_DEPTH: usize = 100;

/// The most places in a text that are tried as JSON.
const MAX_CANDIDATES: usize = 8;

/// Something that was mended to read an answer. None of them changes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fix {
    /// A byte order mark was dropped.
    ByteOrderMark,
    /// The JSON was taken out of a Markdown code fence.
    CodeFence,
    /// Words around the JSON were dropped.
    SurroundingText,
    /// Commas before a closing bracket, or at the end, were dropped.
    TrailingComma,
    /// Brackets left open at the end of the text were closed.
    UnclosedBracket,
}

/// A JSON value found in a text.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) value: Value,
    pub(super) fixes: Vec<Fix>,
}

/// Returns the JSON values in `text`, the most literal reading first.
pub(super) fn candidates(text: &str) -> Result<Vec<Candidate>, Rejection> {
    if text.len() > MAX_ANSWER_BYTES {
        return Err(Rejection::one("", "the answer is too long"));
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
    if text.is_empty() {
        return Err(Rejection::one("", "the answer is empty"));
    }
    let mut rejection = match parse(text) {
        Ok(value) => return Ok(vec![Candidate { value, fixes }]),
        Err(Unreadable::Syntax(error)) => {
            Rejection::one("", format!("the answer is not JSON: {error}"))
        }
        Err(Unreadable::Refused(violation)) => violation.into(),
    };
    let mut found = Vec::new();
    for (slice, how) in slices(text) {
        let mut fixes = fixes.clone();
        fixes.extend(how);
        match mend(slice, fixes) {
            Ok(candidate) => found.push(candidate),
            Err(Unreadable::Refused(violation)) => rejection = violation.into(),
            Err(Unreadable::Syntax(_)) => {}
        }
        if found.len() == MAX_CANDIDATES {
            break;
        }
    }
    if found.is_empty() {
        return Err(rejection);
    }
    Ok(found)
}

/// Returns the parts of `text` that may be a JSON object or array.
fn slices(text: &str) -> Vec<(&str, Option<Fix>)> {
    let mut slices = Vec::new();
    let fenced = fenced_block(text);
    for (area, outer) in [(fenced, Some(Fix::CodeFence)), (Some(text), None)] {
        let Some(area) = area else { continue };
        let mut rest = area;
        while slices.len() < 2 * MAX_CANDIDATES {
            let Some(start) = rest.find(['{', '[']) else {
                break;
            };
            let length = value_length(&rest[start..]);
            let slice = &rest[start..start + length];
            let how = match outer {
                Some(fix) => Some(fix),
                None if slice.len() == text.len() => None,
                None => Some(Fix::SurroundingText),
            };
            slices.push((slice, how));
            rest = &rest[start + length..];
        }
    }
    slices
}

/// Returns the inside of the first Markdown code fence. Only at the beginning of a line is it one:
/// no JSON string reaches over lines, so what an answer quotes is never taken for its fence.
fn fenced_block(text: &str) -> Option<&str> {
    let open = if text.starts_with("```") {
        0
    } else {
        text.find("\n```")? + 1
    };
    let body = &text[open..];
    let body = &body[body.find('\n')? + 1..];
    Some(body.find("\n```").map_or(body, |close| &body[..close + 1]))
}

/// Returns how many bytes from its opening bracket on belong to the value; all, if it never closes.
fn value_length(text: &str) -> usize {
    let mut scan = Scan::default();
    for (at, byte) in text.bytes().enumerate() {
        scan.step(byte);
        if scan.open.is_empty() {
            return at + 1;
        }
        if scan.open.len() > MAX_DEPTH {
            break;
        }
    }
    text.len()
}

/// Parses `slice`, mending commas and brackets if it must.
fn mend(slice: &str, mut fixes: Vec<Fix>) -> Result<Candidate, Unreadable> {
    let error = match parse(slice) {
        Ok(value) => return Ok(Candidate { value, fixes }),
        Err(refused @ Unreadable::Refused(_)) => return Err(refused),
        Err(error) => error,
    };
    let mut scan = Scan::default();
    let mut mended = String::with_capacity(slice.len() + 8);
    let mut dropped_comma = false;
    for character in slice.chars() {
        let closes = !scan.in_string && matches!(character, '}' | ']');
        if closes {
            dropped_comma |= drop_trailing_comma(&mut mended);
        }
        scan.step(u8::try_from(character).unwrap_or(b'x'));
        if scan.open.len() > MAX_DEPTH {
            return Err(error);
        }
        mended.push(character);
    }
    if scan.in_string {
        // Closing the string would invent where it ends.
        return Err(error);
    }
    if !scan.open.is_empty() {
        if slice.ends_with(|it: char| it.is_ascii_digit()) {
            // The text may have been cut within the number.
            return Err(error);
        }
        dropped_comma |= drop_trailing_comma(&mut mended);
        mended.extend(scan.open.iter().rev().map(|&byte| char::from(byte)));
        fixes.push(Fix::UnclosedBracket);
    }
    if dropped_comma {
        fixes.push(Fix::TrailingComma);
    }
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

/// Follows strings and brackets through a JSON text.
#[derive(Default)]
struct Scan {
    in_string: bool,
    escaped: bool,
    /// The closing brackets that are still due.
    open: Vec<u8>,
}

impl Scan {
    fn step(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' => self.open.push(b'}'),
            b'[' => self.open.push(b']'),
            b'}' | b']' => {
                self.open.pop();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
