//! Reads JSON that is damaged in ways that leave no doubt what was meant: half an emoji, bytes that
//! are no UTF-8, and what stands around the one value of a body.

use serde_json::Value;

const LONE: &[u8] = b"\\ufffd";

/// Reads one JSON value; what is no text in it becomes U+FFFD.
///
/// # Errors
///
/// Returns what is wrong with it as it came.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(bytes).or_else(|error| {
        let text = String::from_utf8_lossy(bytes);
        let trimmed = text.trim_start_matches('\u{feff}');
        let trimmed = trimmed.trim_end_matches(|it: char| it == '\0' || it.is_ascii_whitespace());
        serde_json::from_slice(&without_lone_surrogates(trimmed.as_bytes())).map_err(|_| error)
    })
}

/// Replaces halves of surrogate pairs: servers that cut an answer into tokens cut through emojis.
fn without_lone_surrogates(json: &[u8]) -> Vec<u8> {
    let mut mended = Vec::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.iter().position(|it| *it == b'\\') {
        mended.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let len = match (surrogate(rest), rest.get(6..).and_then(surrogate)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(_), _) => {
                mended.extend_from_slice(LONE);
                rest = &rest[6..];
                continue;
            }
            // Any other escape, that of a backslash too.
            (None, _) => 2,
        };
        let (escape, after) = rest.split_at(len.min(rest.len()));
        mended.extend_from_slice(escape);
        rest = after;
    }
    mended.extend_from_slice(rest);
    mended
}

/// Returns the half of a pair whose escape `text` begins with.
fn surrogate(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    (0xd800..0xe000).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_that_leaves_no_doubt_is_mended() {
        let table: [(&[u8], &str); 9] = [
            (br#"["a"]"#, r#"["a"]"#),
            (br#"["\ud83c\udf4e"]"#, "[\"🍎\"]"),
            (br#"["\ud83c"]"#, "[\"\u{fffd}\"]"),
            (br#"["\udf4e x \ud83c\n"]"#, "[\"\u{fffd} x \u{fffd}\\n\"]"),
            (br#"["\ud83c\ud83c\udf4e"]"#, "[\"\u{fffd}🍎\"]"),
            // An escaped backslash before a `u` is no escape of a character.
            (br#"["\\ud83c","\udf4e"]"#, "[\"\\\\ud83c\",\"\u{fffd}\"]"),
            (b"[\"a\xff\"]", "[\"a\u{fffd}\"]"),
            (b"[1]\n\0", "[1]"),
            (b"\xef\xbb\xbf[1]", "[1]"),
        ];
        for (bytes, expected) in table {
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(read(bytes).unwrap().to_string(), expected, "{text}");
        }
        for bytes in [&b""[..], b"[1", b"[1] [2]", b"\"\\u12", b"\\"] {
            assert!(read(bytes).is_err());
        }
    }
}
