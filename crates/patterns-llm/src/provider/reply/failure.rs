//! What went wrong, read from the many shapes in which providers say it, and sorted by what to do.

use std::time::Duration;

use patterns_core::ModelErrorKind;
use serde_json::Value;

use super::codes::kind_of_name;
use super::completion::is_error;
use super::filtered;
use super::no_credit::is_out_of_credit;
use super::too_long::{exceeds_the_minute, is_too_long};

/// A provider's own account of a failure.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    /// The `type` or `status` beside the code.
    pub(crate) class: Option<String>,
    pub(crate) message: String,
    /// Which parameter of the request is blamed.
    param: Option<String>,
    /// Whether a quota of the day is used up, by the name that Google gives it.
    is_of_a_day: bool,
}

impl Failure {
    /// Reads the failure that `body` tells of, if it tells of one.
    pub(crate) fn of_json(status: u16, body: &Value) -> Option<Self> {
        Some(Self::of_error(status, told(body)?))
    }

    /// Reads what [`told`] finds.
    pub(crate) fn of_error(status: u16, error: &Value) -> Self {
        let code = error
            .pointer("/details/error_code")
            .or_else(|| error.get("code"))
            .or_else(|| error.get("error_code"));
        let code = code.and_then(plain);
        let class = ["type", "status", "__type"];
        let class = class.iter().find_map(|it| error.get(*it));
        Self {
            status: own_status(status, code.as_deref(), class),
            class: class.and_then(plain),
            message: message(error),
            param: error.get("param").and_then(plain),
            is_of_a_day: is_of_a_day(error),
            code,
        }
    }

    /// Takes the words of a reply that is no JSON.
    pub(crate) fn of_text(status: u16, text: &str) -> Self {
        Self {
            status,
            message: text.to_owned(),
            ..Self::default()
        }
    }

    /// Says what to do. `retry_after` is the provider's hint and `should_retry` its explicit word;
    /// `has_worked` says whether it has answered another call with the same key, model and address.
    pub(crate) fn kind(
        &self,
        retry_after: Option<Duration>,
        should_retry: Option<bool>,
        has_worked: bool,
    ) -> ModelErrorKind {
        let words = own_words(&self.message.to_lowercase()).to_owned();
        let kind = self
            .by_numbers(&words)
            .or_else(|| self.by_code(retry_after))
            .or_else(|| self.by_words(&words, retry_after, has_worked))
            .unwrap_or_else(|| self.by_status(retry_after, has_worked));
        match should_retry {
            Some(true) if kind == ModelErrorKind::InvalidRequest => {
                ModelErrorKind::Unavailable { retry_after }
            }
            Some(false) if kind.is_transient() => ModelErrorKind::InvalidRequest,
            _ => kind,
        }
    }

    /// A request that is too large for a whole minute comes with the code of one that is too fast.
    fn by_numbers(&self, words: &str) -> Option<ModelErrorKind> {
        let is_limit = matches!(self.status, 413 | 429);
        (is_limit && exceeds_the_minute(words)).then_some(ModelErrorKind::ContextTooLong)
    }

    fn by_code(&self, retry_after: Option<Duration>) -> Option<ModelErrorKind> {
        if self.is_of_a_day || is_of_nothing(&self.message) {
            return Some(ModelErrorKind::QuotaExhausted);
        }
        // OpenAI: the code is what counts, the type may say something else.
        let named = |name: &Option<String>| kind_of_name(name.as_deref()?, retry_after);
        named(&self.code).or_else(|| named(&self.class))
    }

    fn by_words(
        &self,
        words: &str,
        retry_after: Option<Duration>,
        has_worked: bool,
    ) -> Option<ModelErrorKind> {
        let says = |phrases: &[&str]| phrases.iter().any(|it| words.contains(it));
        // Within a success, which had begun when it went wrong, they say what they say elsewhere.
        let status = match self.status {
            200..300 => 400,
            status => status,
        };
        let is_client_error = (400..500).contains(&status);
        let blames_format = self
            .param
            .as_deref()
            .is_some_and(|it| it.starts_with("response_format"));
        if is_client_error && is_out_of_credit(words, retry_after.is_some()) {
            Some(ModelErrorKind::QuotaExhausted)
        } else if matches!(status, 400 | 404 | 415 | 422 | 500 | 501)
            && (blames_format || says(FORMAT))
        {
            Some(ModelErrorKind::UnsupportedFormat)
        } else if matches!(status, 400 | 403 | 413 | 422 | 500) && is_too_long(words) {
            Some(ModelErrorKind::ContextTooLong)
        } else if status == 429 && says(NO_ROOM) {
            // Of the flex tier: it is not we who ask too fast.
            Some(ModelErrorKind::Overloaded { retry_after })
        } else if status == 500 && says(NEVER) {
            Some(ModelErrorKind::InvalidRequest)
        } else if matches!(status, 400 | 403 | 422 | 446 | 451) && says(MODERATION) {
            Some(ModelErrorKind::Filtered)
        } else if status == 400 && says(PASSES) {
            // The next draw may be fine.
            Some(ModelErrorKind::Unavailable { retry_after })
        } else if !has_worked && matches!(status, 400 | 422) && is_no_model(words) {
            // A model that has answered is there: such words are of this one document.
            Some(ModelErrorKind::UnknownModel)
        } else if matches!(status, 400 | 500) && says(BAD_KEY) {
            Some(ModelErrorKind::Unauthorized)
        } else {
            None
        }
    }

    /// Without a code or words, a 403, a 404 or a redirect may come from a firewall or a proxy that dislikes
    /// this one document. So it speaks of the key or the address only as long as these have never worked.
    fn by_status(&self, retry_after: Option<Duration>, has_worked: bool) -> ModelErrorKind {
        match self.status {
            300..400 | 403..=405 | 410 if has_worked => ModelErrorKind::InvalidRequest,
            401 | 403 | 407 => ModelErrorKind::Unauthorized,
            // OpenRouter: a shortage that passes comes with a hint.
            402 if retry_after.is_some() => ModelErrorKind::RateLimited { retry_after },
            402 => ModelErrorKind::QuotaExhausted,
            // A redirect is not followed, since that would carry the key elsewhere.
            300..400 | 404 | 405 | 410 => ModelErrorKind::UnknownModel,
            413 => ModelErrorKind::ContextTooLong,
            429 => ModelErrorKind::RateLimited { retry_after },
            // Groq's 498: no capacity in the flexible tier.
            498 | 503 | 529 => ModelErrorKind::Overloaded { retry_after },
            // TGI answers 424 when the model behind it has failed; 499 is nginx's name for a client gone.
            408 | 409 | 424 | 425 | 499 => ModelErrorKind::Unavailable { retry_after },
            400..500 => ModelErrorKind::InvalidRequest,
            // An error in a reply that calls itself a success is the provider's own trouble.
            200..300 | 500 | 502 | 504 | 507 | 508 | 520..=527 | 530 | 598 | 599 => {
                ModelErrorKind::Unavailable { retry_after }
            }
            // 1xx, 501, 505, 511, 6xx …: whoever sends that is no provider, and does not become one.
            _ => ModelErrorKind::Unreadable,
        }
    }
}

const FORMAT: &[&str] = &[
    "response_format",
    "json_schema",
    "json schema",
    "json_object",
    "structured output",
    "guided decoding",
    "grammar",
    // Ollama's.
    "invalid format",
    "chatrequest.format",
    "schema is too complex",
    "schema is too large",
    "optional parameters",
    "union types",
    "output_config.format",
    "output_format",
    "output format",
    // Of a tool that the model is made to call.
    "tool_choice",
    "support tool",
    // Google's; the first is all that it says of some schemas.
    "request contains an invalid argument",
    "too many states",
    "responsejsonschema",
    "response_json_schema",
    "responseschema",
    "response_schema",
    "json mode",
    "response mime type",
    "responsemimetype",
];

const NO_ROOM: &[&str] = &["resource unavailable", "resource_unavailable"];

/// Behind these, a provider repeats what it was asked: the words of a document say nothing of what went wrong.
const ECHOES: &[&str] = &[
    "'input':",
    "\"input\":",
    "input_value=",
    "'messages':",
    "\"messages\":",
    "'content':",
    "\"content\":",
];

/// Returns what a provider says itself, without what it repeats of the request.
pub(crate) fn own_words(words: &str) -> &str {
    let ends = ECHOES.iter().filter_map(|it| words.find(it));
    &words[..ends.min().unwrap_or(words.len())]
}

/// What no repetition changes, though it is said as if it did.
const NEVER: &[&str] = &[
    // Ollama, of a model that does not fit into its memory.
    "requires more system memory",
    // llama.cpp, of a model that cannot look at pictures.
    "image input is not supported",
];

const MODERATION: &[&str] = &[
    "moderation",
    "flagged",
    "guardrail",
    "content filter",
    "content exists risk",
    "inappropriate content",
    "safety system",
    "content violates",
    "usage guidelines",
];

/// What passes, though it has the status of a bad request: Groq refuses an answer of its own, LM Studio loads a
/// model again that has crashed.
const PASSES: &[&str] = &[
    "failed to generate json",
    "failed to validate json",
    "model has crashed",
    "model unloaded",
    "model is unloaded",
];

const UNKNOWN_MODEL: &[&str] = &[
    "invalid model",
    "unknown model",
    "not a valid model",
    "no such model",
    "requested model is not supported",
    // Bedrock's, and the next.
    "model identifier is invalid",
    "on-demand throughput",
];

/// What is said of a model that is not there, within a few words behind it.
const NOT_THERE: &[&str] = &[
    "not exist",
    "not found",
    "decommissioned",
    "no longer supported",
    "no longer available",
    "is not available",
    "has been deprecated",
    "has been retired",
];

/// Returns whether `words`, in lower case, say that there is no such model, and not that it lacks something.
fn is_no_model(words: &str) -> bool {
    /// So far from its name may be what is said of it.
    const CLOSE: usize = 80;
    let close = |rest: &str| rest.char_indices().nth(CLOSE).map_or(rest.len(), |it| it.0);
    let mut behind = words.match_indices("model").map(|(at, _)| &words[at..]);
    let is_gone = behind.any(|it| NOT_THERE.iter().any(|say| it[..close(it)].contains(say)));
    let is_of_tier = ["flex", "tier"].iter().any(|it| words.contains(it));
    UNKNOWN_MODEL.iter().any(|it| words.contains(it)) || (is_gone && !is_of_tier)
}

/// The last two are `LiteLLM`'s, of a key that is no key of its own.
const BAD_KEY: &[&str] = &[
    "api key not valid",
    "invalid api key",
    "incorrect api key",
    "api key expired",
    "no api key passed in",
    "no connected db",
];

/// OpenRouter puts the status of the failure behind it into the code, within a 200; others a name for it into
/// the type.
fn own_status(status: u16, code: Option<&str>, class: Option<&Value>) -> u16 {
    let inner = code.and_then(|it| it.parse().ok());
    let inner = inner.filter(|it| (400..600).contains(it));
    let is_invalid =
        class.is_some_and(|it| it == "invalid_request_error" || it == "BadRequestError");
    match inner.or(is_invalid.then_some(400)) {
        Some(inner) if (200..300).contains(&status) => inner,
        _ => status,
    }
}

/// Returns a word or a number as text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What the words of a failure are called, by FastAPI, Baidu, AWS and others.
const WORDS: [&str; 6] = [
    "message",
    "detail",
    "msg",
    "error_msg",
    "error_message",
    "Message",
];

/// Finds what a body tells of a failure: `{"error": {…}}`, `{"error": "…"}`, one within the other or in a list,
/// Cloudflare's `{"errors": [{…}]}`, FastAPI's `{"detail": [{…}]}`, or words without a frame.
pub(crate) fn told(body: &Value) -> Option<&Value> {
    let named = |name: &str| body.get(name).filter(|it| is_error(it));
    let has_words = || {
        let words = WORDS.iter().filter_map(|it| body.get(*it)?.as_str());
        words.into_iter().any(|it| !it.is_empty()) || body["object"] == "error"
    };
    let inner = match (body, named("error")) {
        (Value::Array(list), _) => return told(list.first()?),
        (_, Some(error)) if error.is_object() || error.is_array() || !has_words() => error,
        // A flag or a title is less than the words beside it.
        _ if has_words() => return Some(body),
        _ => named("errors").or_else(|| named("detail"))?,
    };
    Some(told(inner).unwrap_or(inner))
}

/// Returns the words of an error. FastAPI lists what is wrong with each field, and Mistral puts such a list
/// where the words should be.
fn words_of(error: &Value) -> Option<&str> {
    match error {
        Value::String(text) => Some(text),
        Value::Array(list) => list.iter().find_map(words_of),
        _ => WORDS.iter().find_map(|it| words_of(error.get(*it)?)),
    }
}

fn message(error: &Value) -> String {
    let message = words_of(error);
    // LiteLLM and OpenRouter wrap what the provider behind them said.
    let inner = error.pointer("/metadata/raw").and_then(Value::as_str);
    let message = match (message, inner) {
        (Some(message), Some(inner)) => format!("{message}: {inner}"),
        (message, inner) => message.or(inner).unwrap_or_default().to_owned(),
    };
    match filtered::in_error(error) {
        Some(found) => format!("{found}: {message}"),
        None => message,
    }
}

/// Returns whether Google names a quota of nothing, as it does of models that it gives to nobody for nothing.
fn is_of_nothing(words: &str) -> bool {
    let mut limits = words.split("limit: ").skip(1);
    words.contains("Quota exceeded for metric")
        && limits.any(|it| {
            let end = it.find(|it: char| !it.is_ascii_digit());
            &it[..end.unwrap_or(it.len())] == "0"
        })
}

/// Returns whether one of the quotas that are used up, in any order, is that of a day.
fn is_of_a_day(error: &Value) -> bool {
    let details = error["details"].as_array().into_iter().flatten();
    let violations = details.filter_map(|it| it["violations"].as_array());
    let mut ids = violations.flatten().filter_map(|it| it["quotaId"].as_str());
    ids.any(|it| it.contains("PerDay"))
}
