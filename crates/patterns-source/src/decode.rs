//! Turns bytes into text, or says where they are not text.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

/// Returns the text, and the name of its encoding.
///
/// UTF-8 and UTF-16 are told by what they are; else the encoding is guessed, and the text must be
/// without error in it.
pub(crate) fn decode(bytes: &[u8]) -> Result<(String, &'static str), String> {
    let encoding = encoding(bytes)?;
    if encoding == UTF_8 {
        let (bytes, skipped) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => (rest, 3),
            None => (bytes, 0),
        };
        return match std::str::from_utf8(bytes) {
            Ok(text) => Ok((text.to_owned(), UTF_8.name())),
            Err(error) => Err(not_utf8(skipped + error.valid_up_to())),
        };
    }
    let (text, encoding, is_lossy) = encoding.decode(bytes);
    if is_lossy {
        return Err(format!("is not valid {}", encoding.name()));
    }
    match text.find('\0') {
        Some(at) => Err(binary(at)),
        None => Ok((text.into_owned(), encoding.name())),
    }
}

pub(crate) fn not_utf8(at: usize) -> String {
    format!("is not UTF-8 (the first invalid byte at offset {at})")
}

fn binary(at: usize) -> String {
    format!("is binary (a NUL byte at offset {at})")
}

/// Returns the encoding of a text by its beginning, or by all of it.
pub(crate) fn encoding(bytes: &[u8]) -> Result<&'static Encoding, String> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Ok(encoding);
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(binary(at));
    }
    let error = match std::str::from_utf8(bytes) {
        Ok(_) => return Ok(UTF_8),
        Err(error) => error,
    };
    // A beginning may end within a character.
    if error.error_len().is_none() && bytes.len() > 4 {
        return Ok(UTF_8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let (text, is_lossy) = guess.decode_without_bom_handling(bytes);
    // Old encodings give every byte a meaning; binary data shows by control characters.
    let is_odd = |it: char| it.is_control() && !matches!(it, '\n' | '\r' | '\t' | '\u{c}');
    if is_lossy || text.contains(is_odd) {
        return Err(not_utf8(error.valid_up_to()));
    }
    Ok(guess)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Case = (
        &'static [u8],
        Result<(&'static str, &'static str), &'static str>,
    );

    #[test]
    fn encodings() {
        let table: [Case; 9] = [
            (b"", Ok(("", "UTF-8"))),
            ("naïve".as_bytes(), Ok(("naïve", "UTF-8"))),
            (b"\xef\xbb\xbfwith mark", Ok(("with mark", "UTF-8"))),
            (b"\xff\xfeh\0i\0", Ok(("hi", "UTF-16LE"))),
            (b"\xfe\xff\0h\0i", Ok(("hi", "UTF-16BE"))),
            (b"\xff\xfeh\0\x00\xd8", Err("is not valid UTF-16LE")),
            (b"PNG\0", Err("is binary (a NUL byte at offset 3)")),
            (
                b"\xef\xbb\xbfcaf\xe9",
                Err("is not UTF-8 (the first invalid byte at offset 6)"),
            ),
            (
                b"Das Stra\xdfenf\xfchrungsl\xe4rmschutzgesetz gilt \xfcber Nacht.",
                Ok((
                    "Das Straßenführungslärmschutzgesetz gilt über Nacht.",
                    "windows-1252",
                )),
            ),
        ];
        for (bytes, expected) in table {
            let expected = expected
                .map(|(text, name)| (text.to_owned(), name))
                .map_err(str::to_owned);
            assert_eq!(decode(bytes), expected, "{bytes:?}");
        }
    }
}
