//! Says how much fits into a model's context window beside what else is said: what has more is cut, where nobody
//! has set the size of chunks.
//!
//! What is known of a window before a run is what is configured and what the table of known models says:
//! both are the same each time, as chunks have to be that are recorded. What only a server knows (that of
//! an Ollama) counts when it is asked, and then documents are asked about in halves.

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
