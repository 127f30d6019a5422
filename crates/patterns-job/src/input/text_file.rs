//! Reads small files of the user, such as schemas, as text, or says where they are none.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use patterns_core::system_reason;

use super::problems::Problems;
use crate::job_error::{JobError, JobErrorKind};

/// The most bytes that such a file may have.
const MOST: u64 = 16 << 20;

/// Returns the name under which a file is shown and identified.
pub(super) fn name(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.display().to_string()
}

/// Reads a small file as text.
///
/// # Errors
///
/// Returns an error if it cannot be read or is no text.
pub fn read_text_file(path: &Path) -> Result<String, JobError> {
    let name = name(path);
    let mut problems = Problems::default();
    let mut help = "fill it, or name another file";
    match read_at_most(path) {
        Err(error) => problems.missing(format!("{name}: {}", system_reason(&error))),
        Ok(bytes) if bytes.is_empty() => problems.invalid(format!("{name}: the file is empty")),
        Ok(bytes) => match decode_text(&bytes) {
            Ok(text) => return Ok(text),
            Err(problem) => {
                problems.invalid(format!("{name}: the file {problem}"));
                help = "write it as UTF-8 text";
            }
        },
    }
    problems.check().map_err(|error| match error.kind() {
        JobErrorKind::BadData => error.help(help),
        _ => error,
    })?;
    Ok(String::new())
}

/// Reads a whole file, unless it has no end or nearly so.
fn read_at_most(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        let message = format!("it has more than {} MiB", MOST >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

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
