//! What a successful reply comes to, whatever the dialect it was read from.

use patterns_core::{FinishReason, ModelErrorKind, Usage};
use serde_json::Value;

use super::rate::Rate;

/// What a successful reply comes to.
#[derive(Debug, PartialEq)]
pub(crate) struct Completion {
    /// The provider's id of the answer.
    pub(crate) id: Option<String>,
    /// The model that says it has answered.
    pub(crate) model: Option<String>,
    pub(crate) verdict: Verdict,
    /// The bill of the one attempt that this is the answer to.
    pub(crate) usage: Usage,
    /// At what price it is billed.
    pub(crate) rate: Rate,
}

/// Whether there is an answer.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// A whole one.
    Answer(String, FinishReason),
    /// None, and why.
    Failed(ModelErrorKind),
    /// None, and why, in the provider's words or about them.
    Because(ModelErrorKind, String),
    /// An error where an answer should be.
    Error(Value),
}

/// The bill of an attempt of which nothing else is known.
pub(crate) fn one_attempt() -> Usage {
    Usage {
        calls: 1,
        attempts: 1,
        ..Usage::default()
    }
}

/// Returns whether what stands behind `error` tells of one: gateways fill the field with something
/// that is blank, beside a good answer.
pub(crate) fn is_error(error: &Value) -> bool {
    match error {
        Value::Null => false,
        Value::Bool(is_error) => *is_error,
        Value::Number(code) => code.as_f64() != Some(0.0),
        Value::String(words) => {
            let words = words.trim().to_ascii_lowercase();
            !["", "null", "none", "ok", "success"].contains(&&*words)
        }
        Value::Array(list) => list.iter().any(is_error),
        Value::Object(fields) => fields.values().any(is_error),
    }
}

/// Returns the place of the first answer in a list of them, and the number that it goes by: some servers
/// send several, in any order.
pub(crate) fn first_answer(list: &Value) -> Option<(usize, u64)> {
    let number = |answer: &Value| answer.get("index").map_or(0, count);
    let places = list.as_array()?.iter().map(number).enumerate();
    places.min_by_key(|(_, number)| *number)
}

/// Reads a count however it is written; what is no count is none. A count that cannot be is left as
/// large as it gets, so that it is seen for what it is.
pub(crate) fn count(value: &Value) -> u64 {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number
        .or_else(|| {
            let float = value.as_f64()?;
            // A float of the wire; absurd ones saturate.
            Some(if float < 0.0 { u64::MAX } else { float as u64 })
        })
        .unwrap_or(0)
}
