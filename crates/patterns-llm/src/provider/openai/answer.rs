//! Reads the body of a successful reply, tolerant of everything that servers leave out or add: what is
//! not needed may be anything.

use patterns_core::{FinishReason, ModelErrorKind, Money, Usage};
use serde_json::{Value, json};

use super::usual;
use crate::provider::reply::{
    Completion, Rate, Verdict, count, filtered, first_answer, is_error, one_attempt, read_json,
    told,
};

/// Reads a body; returns `None` if it is no object.
pub(crate) fn read(body: &[u8]) -> Option<Completion> {
    usual::read(body).or_else(|| read_any(body))
}

/// Reads a body that may have anything in it.
pub(super) fn read_any(body: &[u8]) -> Option<Completion> {
    let mut body = read_json(body).ok()?;
    // Some gateways wrap it.
    if body.get("choices").is_none() && body["data"].get("choices").is_some() {
        body = body["data"].take();
    }
    body.is_object().then(|| Completion {
        id: match &body["id"] {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        },
        model: body["model"].as_str().map(str::to_owned),
        verdict: verdict(&body),
        rate: Rate::of(&body["service_tier"]),
        usage: usage(&body),
    })
}

fn verdict(body: &Value) -> Verdict {
    if is_error(&body["error"]) {
        return Verdict::Error(told(body).unwrap_or(&body["error"]).clone());
    }
    let choices = &body["choices"];
    match first_answer(choices).and_then(|(place, _)| choices.get(place)) {
        Some(choice) => of_choice(choice),
        None if body["promptFeedback"].get("blockReason").is_some() => {
            Verdict::Failed(ModelErrorKind::Filtered)
        }
        None => match minimax(body).or_else(|| told(body).cloned()) {
            Some(error) => Verdict::Error(error),
            // Whoever knows no answers but has none is in trouble; others are no provider.
            None if body.get("choices").is_some() => {
                Verdict::Failed(ModelErrorKind::Unavailable { retry_after: None })
            }
            None => Verdict::Because(ModelErrorKind::Unreadable, body.to_string()),
        },
    }
}

/// Returns what `MiniMax` says in `base_resp`, under numbers of its own.
fn minimax(body: &Value) -> Option<Value> {
    let inner = &body["base_resp"];
    let words = inner["status_msg"].as_str().filter(|it| !it.is_empty())?;
    let code = match inner["status_code"].as_u64() {
        Some(1002) => json!(429),
        Some(1004 | 2049) => json!(401),
        Some(1008) => json!(402),
        Some(1026 | 1027) => json!("content_filter"),
        Some(1039) => json!("context_length_exceeded"),
        Some(2013) => json!(400),
        _ => json!(500),
    };
    Some(json!({"code": code, "message": words}))
}

fn usage(body: &Value) -> Usage {
    let bill = usage_of(body).unwrap_or(&Value::Null);
    let number = |name: &str| bill.get(name).map_or(0, count);
    let prompt = &bill["prompt_tokens_details"];
    let cached = prompt.get("cached_tokens");
    let cached = cached.or_else(|| bill.get("prompt_cache_hit_tokens"));
    let written = prompt.get("cache_write_tokens");
    let reasoning = bill["completion_tokens_details"].get("reasoning_tokens");
    let usage = Usage {
        input_tokens: number("prompt_tokens"),
        cached_input_tokens: cached.map_or(0, count),
        cache_write_tokens: written.map_or(0, count),
        output_tokens: number("completion_tokens"),
        reasoning_tokens: reasoning.map_or(0, count),
        billed: billed(bill),
        ..one_attempt()
    };
    with_thoughts(usage, number("total_tokens"))
}

/// Adds the thoughts to what was written where they are counted beside it, as xAI does, and gateways before
/// Google: the total tells, and nothing else that may be in it explains the difference.
pub(super) fn with_thoughts(usage: Usage, total: u64) -> Usage {
    let beside = total.saturating_sub(usage.total_tokens());
    let is_thought = match usage.reasoning_tokens {
        0 => usage.cached_input_tokens == 0 && usage.cache_write_tokens == 0,
        thoughts => thoughts == beside,
    };
    if beside == 0 || !is_thought {
        return usage;
    }
    Usage {
        output_tokens: usage.output_tokens + beside,
        reasoning_tokens: beside,
        ..usage
    }
}

/// Returns what OpenRouter has billed. Whoever brings a key of their own pays two: OpenRouter, and the
/// provider behind it.
fn billed(bill: &Value) -> Option<Money> {
    let cost = bill["cost"].as_f64()?;
    let upstream = bill.pointer("/cost_details/upstream_inference_cost");
    let upstream = upstream.filter(|_| bill["is_byok"] == true);
    let dollars = cost + upstream.and_then(Value::as_f64).unwrap_or(0.0);
    // What is negative is none, and what is absurd stays so, to be seen for what it is.
    (dollars >= 0.0).then(|| Money::from_picodollars((dollars * 1e12).ceil() as u64))
}

/// Returns the bill, wherever it is: Moonshot puts it into the choice, Groq into a field of its own.
pub(super) fn usage_of(body: &Value) -> Option<&Value> {
    let of_choice = &body["choices"][0]["usage"];
    let places = [&body["usage"], of_choice, &body["x_groq"]["usage"]];
    places.into_iter().find(|it| it.is_object())
}

/// Returns the reason why an answer ended; the empty one and the word "null" are none.
pub(super) fn finish_reason(choice: &Value) -> Option<&str> {
    let reason = choice["finish_reason"].as_str()?;
    (!matches!(reason, "" | "null" | "None")).then_some(reason)
}

/// Returns the text and the refusal in the content of a message, which is a text, a list of parts, or
/// one part. Parts that are thoughts are no text.
pub(super) fn text_of(content: &Value) -> (String, String) {
    match content {
        Value::String(text) => (text.clone(), String::new()),
        Value::Array(parts) => parts.iter().map(text_of).collect(),
        Value::Object(part) => {
            let named = |name| part.get(name).and_then(Value::as_str).unwrap_or_default();
            match named("type") {
                "thinking" | "reasoning" | "redacted_thinking" => Default::default(),
                "" if !part.contains_key("text") && !part.contains_key("refusal") => {
                    // The answer itself, which somebody has read for us.
                    (content.to_string(), String::new())
                }
                _ => (named("text").to_owned(), named("refusal").to_owned()),
            }
        }
        _ => Default::default(),
    }
}

fn of_choice(choice: &Value) -> Verdict {
    if is_error(&choice["error"]) {
        return Verdict::Error(choice["error"].clone());
    }
    let reason = finish_reason(choice);
    if let Some(kind) = reason.and_then(failed_finish) {
        let why = filtered(&choice["content_filter_results"]);
        return match why.filter(|_| kind == ModelErrorKind::Filtered) {
            Some(words) => Verdict::Because(kind, format!("the answer was filtered: {words}")),
            None => Verdict::Failed(kind),
        };
    }
    let message = ["message", "delta"].iter().map(|name| &choice[*name]);
    let message = message.into_iter().find(|it| it.is_object());
    let message = message.unwrap_or(&Value::Null);
    let (text, refusal) = text_of(&message["content"]);
    let refusals = [Some(&*refusal), message["refusal"].as_str()];
    if let Some(refusal) = refusals.into_iter().flatten().find(|it| !it.is_empty()) {
        return Verdict::Because(ModelErrorKind::Refused, refusal.to_owned());
    }
    // Some say in words that they call it.
    let has_called = matches!(reason, Some("tool_calls" | "function_call"));
    let given = arguments(message);
    let is_given = given.is_object() || given.as_str().is_some_and(|it| it.contains('{'));
    let is_beside = has_called && is_given && !text.contains('{');
    if !text.trim().is_empty() && !is_beside {
        return Verdict::Answer(text, finish(reason));
    }
    match elsewhere(message).or_else(|| choice["text"].as_str().map(str::to_owned)) {
        Some(answer) => Verdict::Answer(answer, FinishReason::Stop),
        None => Verdict::Answer(text, finish(reason)),
    }
}

/// Finds the answer of a message without content: in the arguments of the one function that the model
/// called, or in its thoughts if they are a JSON object and nothing else. Other thoughts are none: they
/// may hold a draft.
fn elsewhere(message: &Value) -> Option<String> {
    let thoughts = || {
        let names = ["reasoning_content", "reasoning"];
        let thoughts = names.iter().find_map(|name| message[*name].as_str())?;
        let is_answer = serde_json::from_str::<Value>(thoughts).is_ok_and(|it| it.is_object());
        is_answer.then(|| thoughts.to_owned())
    };
    let objects = [arguments(message), &message["parsed"]];
    let of_text = objects[0].as_str().map(str::to_owned);
    of_text
        .or_else(|| {
            objects
                .iter()
                .find(|it| it.is_object())
                .map(|it| it.to_string())
        })
        .or_else(thoughts)
}

/// Returns what the one function is given that the model called.
fn arguments(message: &Value) -> &Value {
    let call = match message["tool_calls"].as_array().map(Vec::as_slice) {
        Some([call]) => &call["function"],
        _ => &message["function_call"],
    };
    &call["arguments"]
}

/// Reads the reason of an answer that is none, in the spellings of all who speak this dialect: Google's
/// are in capitals, Zhipu's are `sensitive` and `network_error`, `DeepSeek`'s is
/// `insufficient_system_resource`, vLLM's is `abort`.
fn failed_finish(reason: &str) -> Option<ModelErrorKind> {
    Some(match &*bare(reason) {
        "length"
        | "max_tokens"
        | "model_length"
        | "max_length"
        | "max_output_tokens"
        | "max_completion_tokens"
        | "max_new_tokens"
        | "token_limit_reached"
        | "error_limit"
        | "incomplete"
        | "token_limit" => ModelErrorKind::Truncated,
        "content_filter"
        | "content_filtered"
        | "safety"
        | "recitation"
        | "blocklist"
        | "prohibited_content"
        | "spii"
        | "sensitive"
        | "image_safety"
        | "language"
        | "guardrail_intervened"
        | "error_toxic" => ModelErrorKind::Filtered,
        "refusal" => ModelErrorKind::Refused,
        // Zhipu's, too.
        "model_context_window_exceeded" => ModelErrorKind::ContextTooLong,
        "error"
        | "network_error"
        | "insufficient_system_resource"
        | "abort"
        | "aborted"
        | "cancel"
        | "cancelled"
        | "timeout" => ModelErrorKind::Unavailable { retry_after: None },
        _ => return None,
    })
}

fn finish(reason: Option<&str>) -> FinishReason {
    let other =
        reason.filter(|it| !["stop", "eos", "end_turn", "stop_sequence"].contains(&&*bare(it)));
    other.map_or(FinishReason::Stop, |it| FinishReason::Other(it.to_owned()))
}

/// Returns a reason without the name of its enum, with which Python shows it and which protocol buffers write
/// before each.
fn bare(reason: &str) -> String {
    let reason = reason.to_ascii_lowercase().replace('-', "_");
    let reason = reason.rsplit('.').next().unwrap_or_default();
    reason.trim_start_matches("finish_reason_").to_owned()
}

#[cfg(test)]
mod tests;
