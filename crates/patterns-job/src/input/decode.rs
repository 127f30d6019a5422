//! Turns the bytes of a file into text, or says where they are not text.

use std::fmt;

/// Why bytes are not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotText {
    /// There is a NUL at this offset.
    Binary(usize),
    /// The byte at this offset is not UTF-8.
    NotUtf8(usize),
    /// The code unit at this offset is not UTF-16, though the file begins as if it were.
    NotUtf16(usize),
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Binary(at) => write!(f, "is binary (a NUL byte at offset {at})"),
            Self::NotUtf8(at) => write!(f, "is not UTF-8 (the first invalid byte at offset {at})"),
            Self::NotUtf16(at) => {
                write!(f, "is not valid UTF-16 (the first error at offset {at})")
            }
        }
    }
}

/// Reads UTF-8 with or without a byte order mark, and UTF-16 with one.
///
/// # Errors
///
/// Returns where the first byte is that is not text.
pub fn decode_text(bytes: &[u8]) -> Result<String, NotText> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest, 3),
        _ => utf8(bytes, 0),
    }
}

fn utf8(bytes: &[u8], skipped: usize) -> Result<String, NotText> {
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(NotText::Binary(skipped + at));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(NotText::NotUtf8(skipped + error.valid_up_to())),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, NotText> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(NotText::NotUtf16(2 + bytes.len() - 1));
    }
    let mut text = String::with_capacity(pairs.len());
    let mut offset = 2;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok('\0') => return Err(NotText::Binary(offset)),
            Ok(it) => {
                text.push(it);
                offset += 2 * it.len_utf16();
            }
            Err(_) => return Err(NotText::NotUtf16(offset)),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let table: [(&[u8], Result<&str, NotText>); 10] = [
            (b"", Ok("")),
            ("naïve".as_bytes(), Ok("naïve")),
            (b"\xef\xbb\xbfwith mark", Ok("with mark")),
            (b"\xff\xfeh\0i\0", Ok("hi")),
            (b"\xfe\xff\0h\0i", Ok("hi")),
            (b"\xff\xfeh\0i", Err(NotText::NotUtf16(4))),
            (b"\xff\xfeh\0\x00\xd8", Err(NotText::NotUtf16(4))),
            (b"caf\xe9", Err(NotText::NotUtf8(3))),
            (b"\xef\xbb\xbfcaf\xe9", Err(NotText::NotUtf8(6))),
            (b"PNG\0", Err(NotText::Binary(3))),
        ];
        for (bytes, expected) in table {
            assert_eq!(decode_text(bytes), expected.map(str::to_owned), "{bytes:?}");
        }
    }
}
