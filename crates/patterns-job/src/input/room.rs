//! Says how long a document may be, so that a model's context window has room for it and all else that is said.
//! Longer ones are cut, if nobody has set the size of chunks.
//!
//! The window is the one that is configured, or that of the table of known models. Both are the same in every
//! session, so chunks are, and are found in the store again. A window that only the server knows (Ollama's) is
//! met during the run; a document that is too long for it is asked about in halves.

use std::num::NonZeroU64;

use patterns_llm::ASSUMED_OUTPUT_TOKENS;

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

#[cfg(test)]
mod tests {
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
}
