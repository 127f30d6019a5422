//! Decodes a text while it streams.
//!
//! What a text is may show late: a table of names can be plain ASCII for megabytes before its first
//! umlaut. So nothing is decided until there is a byte that is no UTF-8; what came before is the same in
//! every encoding, or is evidence for UTF-8.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{Decoder, Encoding, UTF_8};

use crate::decode::{
    Judgement, declared, evidence, judge, mended, not_all, read_as, refuse_unread,
};
use crate::unpack::{BEGINNING, Bytes, Input};
use crate::utf32::Utf32;

/// A text as UTF-8.
pub(crate) type TextReader = BufReader<Decoding>;

/// Decodes bytes as they are read.
pub(crate) struct Decoding {
    bytes: Bytes,
    mode: Mode,
    encoding: &'static Encoding,
    /// Read, but not yet decoded.
    raw: Vec<u8>,
    /// How many bytes came before those.
    before: usize,
    /// Decoded, but not yet handed out from here on.
    text: String,
    at: usize,
    is_at_end: bool,
    note: Option<String>,
    /// Whether it was said that not all of it is in its encoding.
    is_lossy_told: bool,
}

enum Mode {
    /// Nothing has been read yet.
    Beginning(Option<&'static Encoding>),
    /// UTF-8 so far, with so much evidence for it.
    Utf8(u64),
    /// In an encoding that does not change any more.
    Decided(Box<Decoder>),
    Wide(Utf32),
}

/// Begins to read a text, in the encoding that is `given`, if one is.
pub(crate) fn text(input: Input, given: Option<&'static Encoding>) -> TextReader {
    let decoding = Decoding {
        bytes: input.bytes,
        mode: Mode::Beginning(given),
        encoding: given.unwrap_or(UTF_8),
        raw: Vec::new(),
        before: 0,
        text: String::new(),
        at: 0,
        is_at_end: false,
        note: None,
        is_lossy_told: false,
    };
    BufReader::with_capacity(BEGINNING, decoding)
}

impl Decoding {
    /// Returns the name of the encoding, as far as it is known by now.
    pub(crate) fn encoding(&self) -> &'static str {
        match self.mode {
            Mode::Wide(utf32) => utf32.name(),
            _ => self.encoding.name(),
        }
    }

    /// Returns what the user should know and has not been told.
    pub(crate) fn take_note(&mut self) -> Option<String> {
        self.note.take()
    }

    /// Reads and decodes the next part.
    fn advance(&mut self) -> io::Result<()> {
        let part = self.bytes.fill_buf()?;
        let length = part.len();
        self.raw.extend_from_slice(part);
        self.bytes.consume(length);
        self.is_at_end = length == 0;
        self.text.clear();
        self.at = 0;
        if let Mode::Beginning(given) = self.mode {
            self.begin(given)?;
        }
        if let Mode::Utf8(known) = self.mode {
            self.go_on(known);
        }
        if let Mode::Wide(utf32) = self.mode {
            let whole = match self.is_at_end {
                true => self.raw.len(),
                false => self.raw.len() & !3,
            };
            let (text, is_lossy) = utf32.decode(&self.raw[..whole]);
            self.text = text;
            self.raw.drain(..whole);
            self.tell_lossy(is_lossy);
        }
        if let Mode::Decided(decoder) = &mut self.mode {
            let room = decoder.max_utf8_buffer_length(self.raw.len());
            self.text.reserve(room.unwrap_or(self.raw.len()));
            let (_, _, has_errors) =
                decoder.decode_to_string(&self.raw, &mut self.text, self.is_at_end);
            self.before += self.raw.len();
            self.raw.clear();
            self.tell_lossy(has_errors && self.encoding != UTF_8);
        }
        Ok(())
    }

    /// Says once that U+FFFD stands for a part of the text, unless something else is to be said of it now.
    fn tell_lossy(&mut self, is_lossy: bool) {
        if is_lossy && !self.is_lossy_told && self.note.is_none() {
            self.is_lossy_told = true;
            self.note = Some(not_all(self.encoding()));
        }
    }

    fn begin(&mut self, given: Option<&'static Encoding>) -> io::Result<()> {
        if given.is_none() {
            let refused = |reason| io::Error::new(io::ErrorKind::InvalidData, reason);
            refuse_unread(&self.raw).map_err(refused)?;
        }
        if given.is_none()
            && let Some((utf32, mark)) = Utf32::of(&self.raw)
        {
            self.raw.drain(..mark);
            self.mode = Mode::Wide(utf32);
            return Ok(());
        }
        self.mode = Mode::Utf8(0);
        let told = match given {
            Some(_) => given,
            None => match judge(&self.raw, 0, self.is_at_end) {
                Ok(Judgement::Told(encoding)) => Some(encoding),
                Ok(Judgement::Guessed(_)) => declared(&self.raw, false),
                _ => None,
            },
        };
        if let Some(encoding) = told {
            self.decide(encoding.new_decoder(), encoding);
        } else if self.raw.starts_with(b"\xef\xbb\xbf") {
            self.raw.drain(..3);
            self.before = 3;
        }
        Ok(())
    }

    /// Takes what is UTF-8, or decides what the rest is.
    fn go_on(&mut self, known: u64) {
        let bad = match std::str::from_utf8(&self.raw) {
            Ok(_) => None,
            Err(error) if error.error_len().is_none() && !self.is_at_end => {
                Some((error.valid_up_to(), false))
            }
            Err(error) => Some((error.valid_up_to(), true)),
        };
        if let Some((at, true)) = bad {
            match judge(&self.raw, known, self.is_at_end) {
                Ok(Judgement::Guessed(encoding)) => {
                    self.note = Some(read_as(encoding));
                    self.decide(encoding.new_decoder_without_bom_handling(), encoding);
                }
                _ => {
                    self.note = Some(mended(self.before + at));
                    self.decide(UTF_8.new_decoder_without_bom_handling(), UTF_8);
                }
            }
            return;
        }
        let end = bad.map_or(self.raw.len(), |(at, _)| at);
        let good: Vec<u8> = self.raw.drain(..end).collect();
        self.before += end;
        self.mode = Mode::Utf8(known.saturating_add(evidence(&good).0));
        self.text = String::from_utf8(good).unwrap_or_default();
    }

    fn decide(&mut self, decoder: Decoder, encoding: &'static Encoding) {
        self.mode = Mode::Decided(Box::new(decoder));
        self.encoding = encoding;
    }
}

impl Read for Decoding {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.is_at_end {
            self.advance()?;
        }
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads bytes that come in parts of this size.
    fn read(bytes: &'static [u8], size: usize) -> (String, &'static str, Option<String>) {
        let bytes = Box::new(BufReader::with_capacity(size, bytes));
        let is_packed = false;
        let mut reader = text(Input { bytes, is_packed }, None);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let decoding = reader.get_mut();
        (text, decoding.encoding(), decoding.take_note())
    }

    #[test]
    fn wherever_a_text_is_cut_it_says_the_same() {
        let german = "Grüße – 漢字 👍".as_bytes();
        for size in 1..30 {
            assert_eq!(read(german, size).0, "Grüße – 漢字 👍");
            let (text, _, note) = read(b"Gr\xc3\xbc\xc3\x9fe \xff sch\xc3\xb6n \xe2\x82", size);
            assert_eq!(text, "Grüße \u{fffd} schön \u{fffd}");
            assert!(note.unwrap().contains("byte 8"));
        }
        for size in [4, 8, 100] {
            assert_eq!(read(b"\xff\xfeh\0i\0", size).0, "hi");
            assert_eq!(read(b"\xef\xbb\xbfhi", size).0, "hi");
            let wide = b"\xff\xfe\0\0h\0\0\0\x57\xf3\x01\0";
            assert_eq!(read(wide, size).0, "h🍗");
            for end in [
                &b"\xff\xfe\0\0h\0\0\0i"[..],
                b"\xff\xfe\0\0h\0\0\0\0\xd8\0\0",
            ] {
                let (text, _, note) = read(end, size);
                assert_eq!(text, "h\u{fffd}", "{end:?}");
                assert!(note.unwrap().contains("not UTF-32LE throughout"), "{end:?}");
            }
        }
    }

    #[test]
    fn that_characters_are_lost_is_told_once() {
        for (mark, lost) in [
            (&b"\xff\xfe\0\0"[..], &b"\0\xd8\0\0"[..]),
            (b"\xff\xfe", b"\0\xd8a\0"),
        ] {
            let bytes: &'static [u8] = [mark, &lost.repeat(40)].concat().leak();
            let bytes = Box::new(BufReader::with_capacity(8, bytes));
            let is_packed = false;
            let mut decoding = text(Input { bytes, is_packed }, None).into_inner();
            let mut notes = Vec::new();
            while decoding.read(&mut [0; 8]).unwrap() > 0 {
                notes.extend(decoding.take_note());
            }
            assert_eq!(notes.len(), 1, "{notes:?}");
        }
    }

    #[test]
    fn an_encoding_that_is_not_read_is_refused() {
        let bytes = Box::new(BufReader::new(&b"one\n\x1b$)C\x0e1[\x0f\n"[..]));
        let is_packed = false;
        let read = text(Input { bytes, is_packed }, None).read_to_string(&mut String::new());
        let error = read.unwrap_err().to_string();
        assert!(error.starts_with("is in ISO-2022-KR"), "{error}");
    }

    #[test]
    fn the_first_umlaut_may_come_late() {
        let (text, encoding, note) = read(b"plain words come first, then Caf\xe9 Z\xfcrich", 16);
        assert_eq!(text, "plain words come first, then Café Zürich");
        assert_eq!(encoding, "windows-1252");
        assert_eq!(note.as_deref(), Some("read as windows-1252, a guess"));
    }
}
