//! Reads a row of a JSONL file, strictly first.
//!
//! Programs write some things that are no JSON, always the same ones: Python writes `NaN`, whoever cuts a text
//! in the middle of an emoji half of its escape, others line ends within texts, and a comma or a mark around the
//! row. Each of these means one thing only, so the row is read and that is said. Whatever could mean two
//! things stays an error.

use std::collections::HashMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::{Unreadable, UnreadableKind};

const NUMBER: &str = "a number that JSON has not; it is taken as text";
const HALF: &str = "half a character; U+FFFD stands for it";
const CONTROL: &str = "a control character in a text";
const AROUND: &str = "a comma or a mark around the row";

/// Reads a row, and says what had to be mended for that.
pub(crate) fn read(
    name: &str,
    line: u64,
    bytes: &[u8],
) -> Result<(Map<String, Value>, Option<&'static str>), Unreadable> {
    object(name, line, bytes)
        .map(|it| (it, None))
        .or_else(|error| {
            let mended = mend(bytes).map(|(bytes, what)| (object(name, line, &bytes), what));
            match mended {
                Some((Ok(row), what)) => Ok((row, Some(what))),
                _ => Err(error),
            }
        })
}

fn object(name: &str, line: u64, bytes: &[u8]) -> Result<Map<String, Value>, Unreadable> {
    let broken =
        |place: String, reason: &str| Err(Unreadable::new(UnreadableKind::Broken, place, reason));
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(mut fields)) => {
            keep_literals(&mut fields, bytes);
            Ok(fields)
        }
        Ok(_) => broken(format!("{name}:{line}:1"), "a row is a JSON object"),
        Err(error) => {
            let (what, column) = (error.to_string(), error.column());
            let what = what.split(" at line ").next().unwrap_or_default();
            broken(format!("{name}:{line}:{column}"), what)
        }
    }
}

/// Puts what the file says in the place of numbers that have lost something by being read as floats:
/// account numbers of 20 digits would be one, and `1.10` would be `1.1`.
fn keep_literals(fields: &mut Map<String, Value>, json: &[u8]) {
    let is_float = |it: &Value| it.is_f64();
    if !fields.values().any(is_float) {
        return;
    }
    let Ok(literals) = serde_json::from_slice::<HashMap<String, &RawValue>>(json) else {
        return;
    };
    for (name, value) in fields.iter_mut().filter(|(_, it)| it.is_f64()) {
        let literal = literals.get(name).map(|it| it.get());
        let read = value.to_string();
        if let Some(literal) = literal.filter(|it| **it != read) {
            *value = Value::from(literal);
        }
    }
}

/// Returns a row with what programs write wrong set right, and what that was; `None` if there is no such
/// thing in it.
fn mend(row: &[u8]) -> Option<(Vec<u8>, &'static str)> {
    let mut rest = without_surroundings(row);
    let mut what = (rest.len() < row.trim_ascii().len()).then_some(AROUND);
    let mut mended = Vec::with_capacity(row.len());
    let mut is_text = false;
    while let Some(byte) = rest.first().copied() {
        let (used, instead) = match byte {
            b'"' => {
                is_text = !is_text;
                (1, None)
            }
            b'\\' if is_text => escape(rest),
            0..0x20 if is_text => {
                let escape = format!("\\u{byte:04x}").into_bytes();
                (1, Some((escape, CONTROL)))
            }
            _ if is_text => (1, None),
            _ => word(rest),
        };
        match instead {
            Some((bytes, wrong)) => {
                mended.extend(bytes);
                what = what.or(Some(wrong));
            }
            None => mended.extend_from_slice(&rest[..used]),
        }
        rest = &rest[used..];
    }
    what.map(|what| (mended, what))
}

/// How many bytes something has, and what stands for it, if it is wrong.
type Piece = (usize, Option<(Vec<u8>, &'static str)>);

fn without_surroundings(row: &[u8]) -> &[u8] {
    let row = row.trim_ascii();
    let row = row.strip_prefix(b"\xef\xbb\xbf").unwrap_or(row);
    let row = row.strip_prefix(b"\x1e").unwrap_or(row);
    match row.strip_suffix(b",") {
        Some(row) if row.trim_ascii_end().ends_with(b"}") => row,
        _ => row,
    }
}

/// Looks at an escape: halves of a character that have no other half stand for nothing.
fn escape(rest: &[u8]) -> Piece {
    let unit = |at: usize| {
        let digits = rest.get(at..)?.strip_prefix(b"\\u")?.get(..4)?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match (unit(0), unit(6)) {
        (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => (12, None),
        (Some(0xd800..0xe000), _) => (6, Some((b"\\ufffd".to_vec(), HALF))),
        (Some(_), _) => (6, None),
        (None, _) => (rest.len().min(2), None),
    }
}

/// Looks at a number or a word.
fn word(rest: &[u8]) -> Piece {
    let is_part = |it: &u8| it.is_ascii_alphanumeric() || b"+-.".contains(it);
    let length = rest.iter().take_while(|it| is_part(it)).count();
    let word = std::str::from_utf8(&rest[..length]).unwrap_or_default();
    let is_number = || word.starts_with(|it: char| it == '-' || it.is_ascii_digit());
    let is_too_large = || is_number() && word.parse::<f64>().is_ok_and(f64::is_infinite);
    match matches!(word, "NaN" | "Infinity" | "-Infinity") || is_too_large() {
        true => (length, Some((format!("\"{word}\"").into_bytes(), NUMBER))),
        false => (length.max(1), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(row: &Map<String, Value>, field: &str) -> String {
        let value = &row[field];
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }

    #[test]
    fn numbers_keep_their_literal() {
        for literal in [
            "1",
            "-3",
            "1.5",
            "1.10",
            "1e5",
            "18446744073709551615",
            "100000000000000000001",
            "9007199254740993",
            "0.1000",
            "12345678901234567890123.5",
        ] {
            let row = format!("{{\"n\": {literal} , \"text\": \"x\"}}");
            let row = object("a", 1, row.as_bytes()).unwrap();
            assert_eq!(text(&row, "n"), literal);
        }
    }

    #[test]
    fn what_programs_write_wrong_is_mended_and_nothing_else() {
        let check = |row: &str, expected: &str, what: &str| {
            let (row, mended) = read("a", 1, row.as_bytes()).unwrap();
            assert_eq!((text(&row, "t").as_str(), mended), (expected, Some(what)));
        };
        check(r#"{"t": NaN}"#, "NaN", NUMBER);
        check(r#"{"t":"x","n":[-Infinity,1]}"#, "x", NUMBER);
        check(r#"{"t":1e400}"#, "1e400", NUMBER);
        check(
            r#"{"t":"a \ud83d b \ude00\ud83d\ude00"}"#,
            "a \u{fffd} b \u{fffd}😀",
            HALF,
        );
        check("{\"t\":\"a\tb\u{1}\"}", "a\tb\u{1}", CONTROL);
        check("\u{1e}{\"t\":\"x\"}", "x", AROUND);
        check("\u{feff}{\"t\":\"x\"},\r", "x", AROUND);
        for row in [
            r#"{"t":"NaN"} {"t":"two"}"#,
            "{'t':'x'}",
            r#"{"t":"x",}"#,
            r#"{"t":nan}"#,
            r#"[{"t":"x"},"#,
            r#"{"t":"x"#,
            r#"{"t":"\x"}"#,
        ] {
            assert!(read("a", 1, row.as_bytes()).is_err(), "{row}");
        }
    }
}
