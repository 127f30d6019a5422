//! Keeps prompts and answers on the page, packed in blocks that the script opens one at a time.
//!
//! The prompts of a run repeat each other, so a block shrinks to a tenth; and base64 has no character
//! that a browser could take for markup.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::Call;

/// A block is closed with this many calls or bytes of text.
const CALLS: usize = 128;
const BYTES: usize = 1 << 19;

/// The texts of the calls that are in no block yet.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    block: usize,
    held: Vec<String>,
    bytes: usize,
}

impl Texts {
    /// Takes the texts of a call and returns in which block they will be, and where in it; `None` if
    /// there are none.
    pub(crate) fn add(&mut self, call: &Call) -> Option<(usize, usize)> {
        if call.prompt.is_none() && call.answer.is_none() && call.notes.is_empty() {
            return None;
        }
        let texts = json!([call.prompt, call.answer, call.notes]).to_string();
        self.bytes += texts.len();
        self.held.push(texts);
        Some((self.block, self.held.len() - 1))
    }

    /// Writes the block if it is full.
    pub(crate) fn flush_if_full(&mut self, out: &mut impl Write) -> io::Result<()> {
        match self.held.len() >= CALLS || self.bytes >= BYTES {
            true => self.flush(out),
            false => Ok(()),
        }
    }

    /// Writes the block, if anything is in it.
    pub(crate) fn flush(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        write!(packed, "[{}]", self.held.join(","))?;
        let packed = STANDARD.encode(packed.finish()?);
        writeln!(
            out,
            "<script type=\"text/plain\" id=\"texts-{}\">{packed}</script>",
            self.block
        )?;
        self.block += 1;
        self.held.clear();
        self.bytes = 0;
        Ok(())
    }
}
