//! Reads the body of a successful reply: the candidate, why it ended, what was blocked, and the bill.

use patterns_core::{FinishReason, ModelErrorKind, Usage};
use serde_json::Value;

use crate::provider::reply::{
    Completion, Rate, Verdict, count, first_answer, is_error, one_attempt, read_json,
};

/// Reads a body; returns `None` if it is no answer and no error.
pub(super) fn read(body: &[u8]) -> Option<Completion> {
    let mut body = read_json(body).ok()?;
    if let Some(first) = body.as_array_mut().and_then(|it| it.first_mut()) {
        body = first.take();
    }
    let names = ["candidates", "promptFeedback", "usageMetadata"];
    let is_answer = names.iter().any(|it| body.get(*it).is_some());
    (is_answer || is_error(&body["error"])).then(|| Completion {
        id: body["responseId"].as_str().map(str::to_owned),
        model: body["modelVersion"].as_str().map(str::to_owned),
        verdict: verdict(&body),
        rate: Rate::of(&body["usageMetadata"]["serviceTier"]),
        usage: usage(&body["usageMetadata"]),
    })
}

fn verdict(body: &Value) -> Verdict {
    if is_error(&body["error"]) {
        return Verdict::Error(body["error"].clone());
    }
    let candidates = &body["candidates"];
    if let Some(candidate) = first_answer(candidates).and_then(|(place, _)| candidates.get(place)) {
        return of_candidate(candidate);
    }
    let feedback = &body["promptFeedback"];
    match feedback["blockReason"].as_str() {
        Some(reason) => {
            let words = blocked(
                "the question was blocked",
                reason,
                feedback,
                "blockReasonMessage",
            );
            Verdict::Because(ModelErrorKind::Filtered, words)
        }
        None => Verdict::Failed(ModelErrorKind::Unavailable { retry_after: None }),
    }
}

/// What is in the names of the reasons why a filter has ended an answer.
const FILTERS: [&str; 7] = [
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED",
    "SPII",
    "ARMOR",
];

/// Only `STOP` ends an answer well: with any other reason, and with those to come, a text may be half of one.
fn of_candidate(candidate: &Value) -> Verdict {
    let kind = match candidate["finishReason"].as_str() {
        None | Some("STOP" | "FINISH_REASON_UNSPECIFIED") => {
            return Verdict::Answer(text(&candidate["content"]), FinishReason::Stop);
        }
        Some("MAX_TOKENS") => return Verdict::Failed(ModelErrorKind::Truncated),
        Some(reason) if FILTERS.iter().any(|it| reason.contains(it)) => ModelErrorKind::Filtered,
        Some(_) => ModelErrorKind::Unavailable { retry_after: None },
    };
    let reason = candidate["finishReason"].as_str().unwrap_or_default();
    let words = blocked("the answer ended", reason, candidate, "finishMessage");
    Verdict::Because(kind, words)
}

/// Says why something was held back: the reason, what the provider says to it, and the kinds of harm
/// that it saw.
fn blocked(what: &str, reason: &str, place: &Value, message: &str) -> String {
    let ratings = place["safetyRatings"].as_array().into_iter().flatten();
    let harms = ratings.filter(|it| it["blocked"] == true || it["probability"] == "HIGH");
    let harms: Vec<&str> = harms.filter_map(|it| it["category"].as_str()).collect();
    let mut words = format!("{what}: {reason}");
    if !harms.is_empty() {
        words = format!("{words} ({})", harms.join(", "));
    }
    match place[message].as_str().filter(|it| !it.is_empty()) {
        Some(message) => format!("{words}: {message}"),
        None => words,
    }
}

/// Returns all that was said, without thoughts.
fn text(content: &Value) -> String {
    let parts = content["parts"].as_array().into_iter().flatten();
    let said = parts.filter(|it| it["thought"] != true);
    said.filter_map(|it| it["text"].as_str()).collect()
}

/// Returns the bill. Thoughts are billed as output, and counted beside it.
fn usage(bill: &Value) -> Usage {
    let number = |name: &str| count(&bill[name]);
    let thoughts = number("thoughtsTokenCount");
    Usage {
        input_tokens: number("promptTokenCount").saturating_add(number("toolUsePromptTokenCount")),
        cached_input_tokens: number("cachedContentTokenCount"),
        output_tokens: number("candidatesTokenCount").saturating_add(thoughts),
        reasoning_tokens: thoughts,
        ..one_attempt()
    }
}
