//! Finds out in how many parts a request fits that a model has called too long.
//!
//! Most refusals name two numbers, such as "request (9815 tokens) exceeds the available context size
//! (4096 tokens)". The largest is taken for the request, the next one for what fits; where that is
//! another number, the parts are too few, and those that are refused again are cut again.

use patterns_core::{AgentError, AgentErrorKind, ModelErrorKind};

/// The most parts that something is cut into at once.
const MOST: u64 = 64;

/// Returns into how many parts to cut what a model has called too long; `None` for other errors.
pub(super) fn parts_of(error: &AgentError) -> Option<u64> {
    const TOO_LONG: AgentErrorKind = AgentErrorKind::Model(ModelErrorKind::ContextTooLong);
    let detail = error.model_error().and_then(|it| it.detail());
    (error.kind() == TOO_LONG).then(|| parts(detail.unwrap_or_default()))
}

fn parts(refusal: &str) -> u64 {
    let text = refusal.replace(',', "");
    let numbers = text.split(|it: char| !it.is_ascii_digit());
    let mut numbers: Vec<u64> = numbers.filter_map(|it| it.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let [.., limit, request] = numbers[..] else {
        return 2;
    };
    // What surrounds the material is in each part again.
    let needed = request
        .saturating_mul(11)
        .div_ceil(limit.saturating_mul(10).max(1));
    needed.clamp(2, MOST)
}

#[cfg(test)]
mod tests {
    use patterns_core::{ModelError, Usage};

    use super::*;

    #[test]
    fn the_numbers_of_a_refusal_say_how_many_parts_fit() {
        let table = [
            (
                "request (9815 tokens) exceeds the available context size (4096 tokens)",
                3,
            ),
            (
                "maximum context length is 8,192 tokens, you requested 81,920 tokens",
                11,
            ),
            (
                "8192 at most; you sent 10000 (9000 in the messages, 1000 in the completion)",
                2,
            ),
            ("too long (HTTP 413)", 2),
            ("", 2),
            ("0 of 99999999999999999999999 and 7", 64),
            ("4096 tokens of 18446744073709551615", 64),
        ];
        for (refusal, expected) in table {
            assert_eq!(parts(refusal), expected, "{refusal}");
        }
    }

    #[test]
    fn other_errors_are_no_reason_to_cut() {
        let error = |kind| AgentError::model(ModelError::new(kind), Usage::default());
        assert_eq!(parts_of(&error(ModelErrorKind::ContextTooLong)), Some(2));
        assert_eq!(parts_of(&error(ModelErrorKind::Truncated)), None);
    }
}
