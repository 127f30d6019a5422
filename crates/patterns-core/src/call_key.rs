//! The key that identifies a call: what was asked of whom, and which draw of the answer it is.

use std::fmt;
use std::str::FromStr;

/// A BLAKE3 digest of everything that may change an answer: provider, model, instructions,
/// messages, schema, sampling and sample number.
///
/// Equal keys mean "the same question, the same draw". Keys are stable across processes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallKey([u8; 32]);

impl CallKey {
    /// Makes a key of the digest that [`as_bytes`](Self::as_bytes) returned.
    pub fn from_bytes(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Returns the digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CallKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for CallKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallKey({self})")
    }
}

/// Reads the 64 hexadecimal digits that `Display` writes.
impl FromStr for CallKey {
    type Err = blake3::HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes()))
    }
}
