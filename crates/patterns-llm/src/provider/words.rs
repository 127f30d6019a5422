//! The schema of an answer in words, for servers that do not show it to their model, or know no schemas.

use patterns_core::{AnswerFormat, AnswerSchema};

/// What stands between two parts of a message: servers put them together without.
pub(super) const BETWEEN: &str = "\n\n";

/// What stands for an answer that was blank: turns must not be.
pub(super) const NO_ANSWER: &str = "(no answer)";

/// What stands for words of the user that were blank.
pub(super) const NOTHING: &str = "(nothing)";

/// Says which shape the answer has. The words stand before everything that differs between the
/// requests of an agent, where providers cache them, and in what the user says, where small models
/// heed them more than among the instructions: of 40 votes, 17 were valid without, 32 with them
/// there, and 36 with them here, a grammar or not.
pub(super) fn schema_in_words(
    schema: &AnswerSchema,
    format: AnswerFormat,
    is_shown: bool,
) -> Option<String> {
    match format {
        AnswerFormat::JsonObject | AnswerFormat::Prompt => Some(format!(
            "Answer with one JSON object that is valid against this JSON Schema, and with nothing \
             before or after it:\n{}",
            schema.json()
        )),
        _ if is_shown => None,
        _ => schema.shape().map(|shape| {
            format!("Answer with one JSON object of this shape, and with nothing else:\n{shape}")
        }),
    }
}
