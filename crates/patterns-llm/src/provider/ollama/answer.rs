//! Reads the body of a successful reply.

use patterns_core::{FinishReason, ModelErrorKind, Usage};
use serde_json::Value;

use crate::provider::reply::{Completion, Rate, Verdict, count, is_error, one_attempt, read_json};

/// Reads a body; returns `None` if it is no answer and no error.
pub(super) fn read(body: &[u8]) -> Option<Completion> {
    let body = read_json(body).ok()?;
    let is_answer = body.get("message").is_some() || body.get("done_reason").is_some();
    (is_answer || is_error(&body["error"])).then(|| Completion {
        id: None,
        model: body["model"].as_str().map(str::to_owned),
        verdict: verdict(&body),
        usage: Usage {
            input_tokens: count(&body["prompt_eval_count"]),
            cached_input_tokens: count(&body["prompt_eval_cached_count"]),
            output_tokens: count(&body["eval_count"]),
            ..one_attempt()
        },
        rate: Rate::default(),
    })
}

fn verdict(body: &Value) -> Verdict {
    if is_error(&body["error"]) {
        return Verdict::Error(body["error"].clone());
    }
    let down = ModelErrorKind::Unavailable { retry_after: None };
    match body["done_reason"].as_str() {
        _ if body["done"] == false => Verdict::Failed(down),
        Some("length") => Verdict::Failed(ModelErrorKind::Truncated),
        Some("load" | "unload") => {
            Verdict::Because(down, "the model was loaded and not asked".to_owned())
        }
        reason => {
            let text = body["message"]["content"].as_str().unwrap_or_default();
            Verdict::Answer(text.to_owned(), finish(reason))
        }
    }
}

fn finish(reason: Option<&str>) -> FinishReason {
    match reason {
        None | Some("stop") => FinishReason::Stop,
        Some(other) => FinishReason::Other(other.to_owned()),
    }
}
