//! Finds the JSON value in a model's text and mends small damage, never silently.
//!
//! Every step is a single pass over the text, and the number of passes is bounded, so hostile
//! text costs time linear in its length and cannot exhaust the stack.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Rejection;

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
    let first_error = match serde_json::from_str(text) {
        Ok(value) => return Ok(vec![Candidate { value, fixes }]),
        Err(error) => error,
    };
    let mut found = Vec::new();
    for (slice, how) in slices(text) {
        let mut fixes = fixes.clone();
        fixes.extend(how);
        found.extend(mend(slice, fixes));
        if found.len() == MAX_CANDIDATES {
            break;
        }
    }
    if found.is_empty() {
        let message = format!("the answer is not JSON: {first_error}");
        return Err(Rejection::one("", message));
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

/// Returns the inside of the first Markdown code fence.
fn fenced_block(text: &str) -> Option<&str> {
    let open = text.find("```")?;
    let body = &text[open + 3..];
    let body = &body[body.find('\n')? + 1..];
    Some(body.find("```").map_or(body, |close| &body[..close]))
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
fn mend(slice: &str, mut fixes: Vec<Fix>) -> Option<Candidate> {
    if let Ok(value) = serde_json::from_str(slice) {
        return Some(Candidate { value, fixes });
    }
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
            return None;
        }
        mended.push(character);
    }
    if scan.in_string {
        // Closing the string would invent where it ends.
        return None;
    }
    if !scan.open.is_empty() {
        dropped_comma |= drop_trailing_comma(&mut mended);
        mended.extend(scan.open.iter().rev().map(|&byte| char::from(byte)));
        fixes.push(Fix::UnclosedBracket);
    }
    if dropped_comma {
        fixes.push(Fix::TrailingComma);
    }
    let value = serde_json::from_str(&mended).ok()?;
    Some(Candidate { value, fixes })
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
