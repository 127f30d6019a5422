//! Cuts what does not fit into a model's context window, where nobody has set the size of chunks.
//!
//! What is known of a window before a run is what is configured and what the table of known models says:
//! both are the same each time, as chunks have to be that are recorded. What only a server knows (that of
//! an Ollama) counts when it is asked, and then documents are asked about in halves.

use std::num::NonZeroU64;
use std::sync::Arc;

use patterns_core::{Chunk, Document, Split};
use patterns_llm::ASSUMED_OUTPUT_TOKENS;
use patterns_source::Splitter;

/// Tokens of what the pattern itself says, and of the frame of a request.
const FRAME: u64 = 1_000;

/// Returns how many tokens of a document a model can be asked about at once, given how many it reads, how
/// long its answer may be and how many bytes it is told beside.
pub(crate) fn room(window: u64, answer: Option<u32>, told: usize) -> NonZeroU64 {
    let answer = u64::from(answer.unwrap_or(ASSUMED_OUTPUT_TOKENS));
    let beside = answer + FRAME + (told as u64).div_ceil(3);
    // A tenth stays free, since tokens of most models are estimated.
    let free = window.saturating_sub(beside) / 10 * 9;
    NonZeroU64::new(free.max(window / 4)).unwrap_or(NonZeroU64::MIN)
}

/// Cuts only what does not fit.
#[derive(Clone, Debug)]
pub(crate) struct Fitting {
    pub(crate) splitter: Splitter,
    pub(crate) room: NonZeroU64,
}

impl Split for Fitting {
    fn split(&self, document: &Document) -> Vec<Chunk> {
        // No tokenizer makes more tokens than there are bytes, and counting takes time.
        match document.text.len() as u64 <= self.room.get() && !document.text.trim().is_empty() {
            true => vec![Chunk::whole(document)],
            false => self.splitter.split(document),
        }
    }

    fn halve(&self, chunk: &Chunk) -> Option<[Chunk; 2]> {
        self.splitter.halve(chunk)
    }
}

impl Fitting {
    /// Cuts what has more tokens than there is room for.
    pub(crate) fn new(room: NonZeroU64) -> Self {
        let splitter = Splitter::new(room);
        Self { splitter, room }
    }

    pub(crate) fn shared(&self) -> Arc<dyn Split> {
        Arc::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use patterns_core::{Attachment, MediaType};

    use super::*;

    #[test]
    fn there_is_room_for_the_answer_and_what_is_said_beside_a_document() {
        for (window, answer, told, expected) in [
            (272_000, None, 0, 240_210),
            (128_000, Some(16_000), 3_000, 99_000),
            // However much is said beside it.
            (8_192, Some(8_000), 0, 2_048),
            (3, None, 0, 1),
        ] {
            assert_eq!(room(window, answer, told).get(), expected, "{window}");
        }
    }

    #[test]
    fn a_picture_fits_whole() {
        let fitting = Fitting::new(NonZeroU64::MIN);
        let picture = Attachment::new(MediaType::Png, *b"\x89PNG");
        for text in ["", "One two three four. Five."] {
            let document = Document {
                attachment: Some(picture.clone()),
                ..Document::new("a", text)
            };
            let chunks = fitting.split(&document);
            assert_eq!(chunks, [Chunk::whole(&document)], "{text}");
        }
    }

    #[test]
    fn only_what_does_not_fit_is_cut() {
        let fitting = Fitting::new(NonZeroU64::new(8).unwrap());
        let count = |text: &str| fitting.split(&Document::new("a", text)).len();
        assert_eq!(count("One."), 1);
        assert_eq!(count("One two three four. Five."), 2);
        assert_eq!(count("   "), 0);
    }
}
