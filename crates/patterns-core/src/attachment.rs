//! What a document is where it is no text: a picture, or a file that the model reads itself.
//!
//! It belongs to a [`Document`](crate::Document) and is no part of a message of its own, so that whatever
//! is done with documents (names, chunks, coverage, fences) is done with pictures, too.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// What the bytes of an [`Attachment`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MediaType {
    /// A PNG picture.
    #[serde(rename = "image/png")]
    Png,
    /// A JPEG picture.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// A GIF picture.
    #[serde(rename = "image/gif")]
    Gif,
    /// A WebP picture.
    #[serde(rename = "image/webp")]
    Webp,
    /// A PDF file.
    #[serde(rename = "application/pdf")]
    Pdf,
}

impl MediaType {
    /// Returns the type by the first bytes, if it is one of these.
    ///
    /// ```
    /// use patterns_core::MediaType;
    ///
    /// assert_eq!(MediaType::of_beginning(b"%PDF-1.7"), Some(MediaType::Pdf));
    /// assert_eq!(MediaType::of_beginning(b"Once upon a time"), None);
    /// ```
    pub fn of_beginning(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") => {
                Some(Self::Webp)
            }
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            _ => None,
        }
    }

    /// Returns its name by RFC 6838, such as `image/png`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Pdf => "application/pdf",
        }
    }

    /// Returns whether it is a picture.
    pub fn is_picture(self) -> bool {
        self != Self::Pdf
    }

    /// Returns what a user calls it; a PDF that has text is no attachment.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pdf => "PDF without text",
            _ => "picture",
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A picture, or a file that the model reads itself.
///
/// Its digest is made once, since it is a part of every [`CallKey`](crate::CallKey).
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    media_type: MediaType,
    bytes: Arc<[u8]>,
    digest: [u8; 32],
}

impl Attachment {
    /// Takes bytes for what they are said to be.
    pub fn new(media_type: MediaType, bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self {
            media_type,
            digest: *blake3::hash(&bytes).as_bytes(),
            bytes,
        }
    }

    /// Returns what it is.
    pub fn media_type(&self) -> MediaType {
        self.media_type
    }

    /// Returns its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the BLAKE3 digest of its bytes.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Returns its bytes as providers take them.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.bytes)
    }
}

/// Shows how large it is, and none of its bytes.
impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, length) = (self.media_type.name(), self.bytes.len());
        write!(f, "Attachment({name}, {length} bytes)")
    }
}

/// An attachment as it is written down.
#[derive(Serialize, Deserialize)]
struct Written {
    media_type: MediaType,
    base64: String,
}

impl Serialize for Attachment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            media_type: self.media_type,
            base64: self.to_base64(),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Attachment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let bytes = STANDARD.decode(written.base64).map_err(D::Error::custom)?;
        Ok(Self::new(written.media_type, bytes))
    }
}
