//! Reads the body of a successful reply: content blocks, why they ended, and the bill.

use patterns_core::{FinishReason, ModelErrorKind, Usage};
use serde_json::Value;

use crate::provider::reply::{Completion, Rate, Verdict, count, is_error, one_attempt, read_json};

/// Reads a body; returns `None` if it is no message and no error.
pub(super) fn read(body: &[u8]) -> Option<Completion> {
    let body = read_json(body).ok()?;
    let is_message = body.get("content").is_some() || body.get("stop_reason").is_some();
    (is_message || is_error(&body["error"])).then(|| Completion {
        id: body["id"].as_str().map(str::to_owned),
        model: body["model"].as_str().map(str::to_owned),
        verdict: verdict(&body),
        rate: rate(&body["usage"]),
        usage: usage(&body["usage"]),
    })
}

fn verdict(body: &Value) -> Verdict {
    if is_error(&body["error"]) {
        return Verdict::Error(body["error"].clone());
    }
    let because = |kind, words: &str| Verdict::Because(kind, words.to_owned());
    match body["stop_reason"].as_str() {
        Some("max_tokens") => Verdict::Failed(ModelErrorKind::Truncated),
        Some("model_context_window_exceeded") => because(
            ModelErrorKind::ContextTooLong,
            "the answer reached the end of the model's context window",
        ),
        Some("refusal") => match refusal(&body["stop_details"]) {
            Some(words) => Verdict::Because(ModelErrorKind::Refused, words),
            None => Verdict::Failed(ModelErrorKind::Refused),
        },
        Some("pause_turn") => because(
            ModelErrorKind::Unavailable { retry_after: None },
            "the model paused before its answer",
        ),
        reason => Verdict::Answer(text(&body["content"]), finish(reason)),
    }
}

/// Returns why the model refused, if the provider says it.
fn refusal(details: &Value) -> Option<String> {
    let named = |name: &str| details[name].as_str().filter(|it| !it.is_empty());
    named("explanation")
        .or_else(|| named("category"))
        .map(str::to_owned)
}

/// Returns the answer: the arguments of the one tool that the model called, or all it has said. What it
/// thought is neither.
fn text(content: &Value) -> String {
    let blocks = match content {
        Value::String(text) => return text.clone(),
        Value::Array(blocks) => blocks.as_slice(),
        _ => &[],
    };
    let of_kind = |kind: &'static str| blocks.iter().filter(move |it| it["type"] == kind);
    let mut calls = of_kind("tool_use");
    if let (Some(call), None) = (calls.next(), calls.next()) {
        return match &call["input"] {
            Value::String(input) => input.clone(),
            input => input.to_string(),
        };
    }
    of_kind("text")
        .filter_map(|it| it["text"].as_str())
        .collect()
}

fn finish(reason: Option<&str>) -> FinishReason {
    match reason {
        None | Some("end_turn" | "stop_sequence" | "tool_use") => FinishReason::Stop,
        Some(other) => FinishReason::Other(other.to_owned()),
    }
}

/// Returns the bill. Anthropic counts what it reads from the cache and writes into it apart.
fn usage(bill: &Value) -> Usage {
    let number = |name: &str| count(&bill[name]);
    let (read, written) = (
        number("cache_read_input_tokens"),
        number("cache_creation_input_tokens"),
    );
    let input = number("input_tokens")
        .saturating_add(read)
        .saturating_add(written);
    let thoughts = bill.pointer("/output_tokens_details/thinking_tokens");
    Usage {
        input_tokens: input,
        cached_input_tokens: read,
        cache_write_tokens: written,
        output_tokens: number("output_tokens"),
        reasoning_tokens: thoughts.map_or(0, count),
        ..one_attempt()
    }
}

/// Returns what of the bill costs more than usual: a speed, else a region, and what is cached for an hour.
fn rate(bill: &Value) -> Rate {
    let named = [&bill["speed"], &bill["inference_geo"]].map(Rate::of);
    Rate {
        dearer: named.iter().find_map(|it| it.dearer),
        hour_tokens: count(&bill["cache_creation"]["ephemeral_1h_input_tokens"]),
        tier: None,
    }
}
