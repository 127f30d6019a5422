//! Unpacks replies in the encoding `deflate`, which comes in two forms: RFC 9110 means zlib's by that name, and
//! some servers send it without zlib's head. The first two bytes tell.

use bytes::{Bytes, BytesMut};
use flate2::{Decompress, FlushDecompress, Status};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::exchange::{ExchangeError, ExchangeErrorKind};

/// How much room is made for what is unpacked, at a time.
const ROOM: usize = 32 << 10;

/// Unpacks a body piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Inflate {
    /// What has come before it was clear which form it is.
    held: BytesMut,
    unpacker: Option<Decompress>,
    is_over: bool,
}

impl Inflate {
    /// Returns what unpacks a body with these headers, if it has to be.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let encoding = headers.get(CONTENT_ENCODING)?.to_str().ok()?;
        let is_deflate = encoding.trim().eq_ignore_ascii_case("deflate");
        is_deflate.then(Self::default)
    }

    /// Unpacks the next piece; of one that is longer than `most` when it is unpacked, nothing.
    pub(crate) fn piece(&mut self, packed: &[u8], most: usize) -> Result<Bytes, ExchangeError> {
        self.held.extend_from_slice(packed);
        let unpacker = match (&mut self.unpacker, &self.held[..]) {
            (Some(unpacker), _) => unpacker,
            (none, [first, second, ..]) => none.insert(Decompress::new(is_zlib(*first, *second))),
            (None, _) => return Ok(Bytes::new()),
        };
        let (mut packed, mut unpacked) = (&self.held[..], Vec::new());
        while !self.is_over {
            unpacked.reserve(ROOM);
            let (read, had) = (unpacker.total_in(), unpacked.len());
            let status = unpacker
                .decompress_vec(packed, &mut unpacked, FlushDecompress::None)
                .map_err(|error| cannot_be_unpacked().with_source(error))?;
            let read = usize::try_from(unpacker.total_in() - read).unwrap_or(packed.len());
            packed = &packed[read..];
            self.is_over = status == Status::StreamEnd;
            if unpacked.len() > most {
                return Err(ExchangeError::new(ExchangeErrorKind::TooLong));
            }
            if read == 0 && unpacked.len() == had {
                break;
            }
        }
        // Two bytes are enough to know the form, and nothing is held once it is known.
        self.held.clear();
        Ok(unpacked.into())
    }

    /// Says so if the body has ended before it was whole; none at all is whole.
    pub(crate) fn end(&self) -> Result<(), ExchangeError> {
        let is_empty = self.held.is_empty() && self.unpacker.is_none();
        match self.is_over || is_empty {
            true => Ok(()),
            false => Err(cannot_be_unpacked()),
        }
    }
}

/// Returns whether a body begins as zlib's do.
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && (u16::from(first) << 8 | u16::from(second)).is_multiple_of(31)
}

fn cannot_be_unpacked() -> ExchangeError {
    ExchangeError::new(ExchangeErrorKind::NotHttp)
        .with_words("the reply says that it is packed as `deflate`, and cannot be unpacked")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, ZlibEncoder};

    use super::*;

    fn packed(text: &str) -> [Vec<u8>; 2] {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        zlib.write_all(text.as_bytes()).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::best());
        raw.write_all(text.as_bytes()).unwrap();
        [zlib.finish().unwrap(), raw.finish().unwrap()]
    }

    #[test]
    fn both_forms_are_unpacked_wherever_they_are_cut() {
        let text = "It is said again and again. ".repeat(5_000);
        for packed in packed(&text) {
            for size in [1, 2, 7, packed.len()] {
                let mut inflate = Inflate::default();
                let pieces = packed.chunks(size);
                let pieces = pieces.map(|it| inflate.piece(it, 1 << 20).unwrap());
                let all: Vec<u8> = pieces.flatten().collect();
                assert!(all == text.as_bytes(), "in pieces of {size}");
                inflate.end().unwrap();
            }
        }
    }

    #[test]
    fn what_is_cut_off_wrong_or_a_bomb_is_an_error() {
        let kind = |packed: &[u8], most| {
            let mut inflate = Inflate::default();
            let unpacked = inflate.piece(packed, most).and_then(|_| inflate.end());
            unpacked.map_err(|error| error.kind())
        };
        for packed in packed(&"x".repeat(1 << 20)) {
            assert_eq!(kind(&packed, 2 << 20), Ok(()));
            assert_eq!(kind(&[], 2 << 20), Ok(()));
            assert_eq!(kind(&packed, 1 << 19), Err(ExchangeErrorKind::TooLong));
            let cut = &packed[..packed.len() / 2];
            assert_eq!(kind(cut, 2 << 20), Err(ExchangeErrorKind::NotHttp));
        }
        let wrong = [0xff; 64];
        assert_eq!(kind(&wrong, 1 << 20), Err(ExchangeErrorKind::NotHttp));
    }
}
