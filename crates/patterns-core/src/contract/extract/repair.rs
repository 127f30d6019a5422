//! Repairs JSON that is slightly broken, and says what was repaired.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json::{MAX_DEPTH, Unreadable, parse};
use super::slice::Scan;

/// Something that was mended to read an answer. None of them changes a value that anything is
/// decided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
    /// Line breaks and tabs within a text, which JSON writes as `\n` and `\t`, were taken as they are.
    RawLineBreak,
    /// What the model thought aloud before its answer was dropped.
    Thoughts,
    /// Brackets or quotes around the whole answer were dropped.
    Wrapped,
    /// A value that only informs was moved into its range, or left out.
    OutOfRange,
    /// The tags that stand around a document in the prompt were dropped.
    DocumentTags,
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteOrderMark => "byte order mark",
            Self::CodeFence => "code fence",
            Self::SurroundingText => "words around the JSON",
            Self::TrailingComma => "trailing comma",
            Self::RawLineBreak => "line breaks within a text",
            Self::Thoughts => "thoughts before the answer",
            Self::Wrapped => "brackets or quotes around it",
            Self::OutOfRange => "value out of range",
            Self::DocumentTags => "tags of documents",
        })
    }
}

/// Parses `slice`, dropping commas before closing brackets and taking line breaks within a text as they are
/// if it must. What is open at the end is never closed: the text may have been cut within a list, and who
/// knows what is missing.
pub(super) fn repair(slice: &str) -> Result<(Value, Vec<Fix>), Unreadable> {
    let error = match parse(slice) {
        Ok(value) => return Ok((value, Vec::new())),
        Err(refused @ Unreadable::Refused(_)) => return Err(refused),
        Err(error) => error,
    };
    let mut scan = Scan::default();
    let mut mended = String::with_capacity(slice.len());
    let (mut dropped_comma, mut took_break) = (false, false);
    for character in slice.chars() {
        if !scan.in_string && matches!(character, '}' | ']') {
            dropped_comma |= drop_trailing_comma(&mut mended);
        }
        let is_escaped = scan.escaped;
        scan.step(u8::try_from(character).unwrap_or(b'x'));
        if scan.open.len() > MAX_DEPTH {
            return Err(error);
        }
        let is_text = scan.in_string && !is_escaped;
        let escape = ESCAPES.iter().find(|it| is_text && it.0 == character);
        match escape {
            Some((_, escape)) => mended.push_str(escape),
            None => mended.push(character),
        }
        took_break |= escape.is_some();
    }
    let fixes = [
        dropped_comma.then_some(Fix::TrailingComma),
        took_break.then_some(Fix::RawLineBreak),
    ];
    let fixes: Vec<Fix> = fixes.into_iter().flatten().collect();
    if fixes.is_empty() {
        return Err(error);
    }
    Ok((parse(&mended)?, fixes))
}

/// How JSON writes what stands between the lines of a text.
const ESCAPES: [(char, &str); 3] = [('\n', "\\n"), ('\r', "\\r"), ('\t', "\\t")];

fn drop_trailing_comma(text: &mut String) -> bool {
    let kept = text.trim_end().strip_suffix(',').map(str::len);
    if let Some(length) = kept {
        text.truncate(length);
    }
    kept.is_some()
}
