//! Reads the body of a successful reply, tolerant of everything that servers leave out or add.

use patterns_core::{FinishReason, ModelErrorKind, Usage};
use serde::Deserialize;
use serde_json::Value;

/// A chat completion, as any server may write it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Completion {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    pub(super) error: Option<Value>,
    #[serde(rename = "promptFeedback")]
    prompt_feedback: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    message: Option<Message>,
    finish_reason: Option<Value>,
    error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    content: Option<Content>,
    refusal: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Piece>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Piece {
    text: Option<String>,
    refusal: Option<String>,
}

/// What a completion comes to.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// A whole answer.
    Answer(String, FinishReason),
    /// No answer, and why.
    Failed(ModelErrorKind),
    /// An error where an answer should be.
    Error(Value),
}

impl Completion {
    /// Returns what the completion comes to, leaving it without its choices.
    pub(super) fn verdict(&mut self) -> Verdict {
        if let Some(error) = self.error.take().filter(|it| !it.is_null()) {
            return Verdict::Error(error);
        }
        let choice = self.choices.take().and_then(|it| it.into_iter().next());
        let Some(choice) = choice else {
            let is_blocked = self.prompt_feedback.as_ref();
            let is_blocked = is_blocked.is_some_and(|it| it.get("blockReason").is_some());
            return Verdict::Failed(if is_blocked {
                ModelErrorKind::Filtered
            } else {
                ModelErrorKind::Unavailable { retry_after: None }
            });
        };
        choice.verdict()
    }

    /// Returns the bill of the one attempt that this is the answer to.
    pub(super) fn usage(&self) -> Usage {
        let field = |name| self.usage.as_ref()?.get(name);
        let cached = field("prompt_tokens_details").and_then(|it| it.get("cached_tokens"));
        let cached = cached.or_else(|| field("prompt_cache_hit_tokens"));
        let reasoning =
            field("completion_tokens_details").and_then(|it| it.get("reasoning_tokens"));
        Usage {
            input_tokens: field("prompt_tokens").map_or(0, count),
            cached_input_tokens: cached.map_or(0, count),
            output_tokens: field("completion_tokens").map_or(0, count),
            reasoning_tokens: reasoning.map_or(0, count),
            ..one_attempt()
        }
    }
}

/// The bill of an attempt of which nothing else is known.
pub(super) fn one_attempt() -> Usage {
    Usage {
        calls: 1,
        attempts: 1,
        ..Usage::default()
    }
}

impl Choice {
    fn verdict(self) -> Verdict {
        if let Some(error) = self.error.filter(|it| !it.is_null()) {
            return Verdict::Error(error);
        }
        let reason = self.finish_reason.as_ref().and_then(Value::as_str);
        let (text, refusal) = self.message.unwrap_or_default().read();
        if let Some(kind) = failed_finish(reason) {
            return Verdict::Failed(kind);
        }
        if refusal.is_some_and(|it| !it.is_empty()) {
            return Verdict::Failed(ModelErrorKind::Refused);
        }
        Verdict::Answer(text, finish(reason))
    }
}

impl Message {
    /// Returns the text and the refusal, each if there is one.
    fn read(self) -> (String, Option<String>) {
        match self.content {
            Some(Content::Text(text)) => (text, self.refusal),
            Some(Content::Parts(parts)) => {
                let mut refusal = self.refusal;
                let mut text = String::new();
                for part in parts {
                    text.push_str(&part.text.unwrap_or_default());
                    refusal = refusal.or(part.refusal);
                }
                (text, refusal)
            }
            None => (String::new(), self.refusal),
        }
    }
}

fn failed_finish(reason: Option<&str>) -> Option<ModelErrorKind> {
    Some(match reason? {
        "length" | "max_tokens" | "MAX_TOKENS" | "model_length" => ModelErrorKind::Truncated,
        "content_filter" | "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT"
        | "SPII" => ModelErrorKind::Filtered,
        "refusal" => ModelErrorKind::Refused,
        "error" => ModelErrorKind::Unavailable { retry_after: None },
        _ => return None,
    })
}

fn finish(reason: Option<&str>) -> FinishReason {
    match reason {
        None | Some("stop" | "STOP" | "eos" | "end_turn" | "stop_sequence" | "") => {
            FinishReason::Stop
        }
        Some(other) => FinishReason::Other(other.to_owned()),
    }
}

/// Reads a count however it is written; what is no count is none.
fn count(value: &Value) -> u64 {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    // A float of the wire; negative and absurd ones saturate.
    number
        .or_else(|| value.as_f64().map(|it| it as u64))
        .unwrap_or(0)
}
