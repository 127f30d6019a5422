//! The encodings that a text may have.

use std::fmt;
use std::str::FromStr;

/// An encoding, by one of its names, such as `windows-1252`, `latin1` or `shift_jis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding(pub(crate) &'static encoding_rs::Encoding);

/// The name of no encoding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no encoding that is known, as utf-8, windows-1252, iso-8859-2, shift_jis and gbk are"
)]
pub struct UnknownEncoding(String);

impl fmt::Display for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for TextEncoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownEncoding(name.to_owned());
        let found = encoding_rs::Encoding::for_label_no_replacement(name.as_bytes());
        found.map(Self).ok_or_else(unknown)
    }
}
