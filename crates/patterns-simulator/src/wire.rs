//! The JSON of the OpenAI chat completions API, as far as the simulator reads and writes it.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The body of a request. Parts that are not needed for every answer stay unparsed.
#[derive(Debug, Deserialize)]
pub(super) struct ChatRequest<'a> {
    pub(super) model: String,
    #[serde(borrow)]
    pub(super) messages: Vec<Message<'a>>,
    pub(super) response_format: Option<ResponseFormat<'a>>,
    #[serde(default)]
    pub(super) stream: Option<bool>,
    #[serde(default)]
    pub(super) n: Option<u32>,
}

/// The part of a request that bounds its answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Bound {
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
}

/// Returns the tokens that a request is counted with when it is taken: those of its messages, as in
/// the bill, and the most that the answer may have.
pub(super) fn tokens_asked_for(body: &[u8]) -> u64 {
    let bound: Bound = serde_json::from_slice(body).unwrap_or_default();
    let most = bound.max_completion_tokens.or(bound.max_tokens);
    let request: Option<ChatRequest<'_>> = serde_json::from_slice(body).ok();
    let prompt = request.map_or(body.len(), |it| it.prompt_bytes());
    prompt.div_ceil(4) as u64 + most.unwrap_or(0)
}

impl ChatRequest<'_> {
    /// Returns how long the messages are.
    pub(super) fn prompt_bytes(&self) -> usize {
        let contents = self.messages.iter().filter_map(|it| it.content);
        contents.map(|it| it.get().len()).sum()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    pub(super) role: String,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
}

impl Message<'_> {
    /// Returns what the message says; parts of other kinds than text are left out.
    pub(super) fn text(&self) -> String {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Content {
            Text(String),
            Parts(Vec<Part>),
        }
        #[derive(Deserialize)]
        struct Part {
            #[serde(default)]
            text: String,
        }
        let content = self.content.map_or("null", RawValue::get);
        match serde_json::from_str(content) {
            Ok(Content::Text(text)) => text,
            Ok(Content::Parts(parts)) => parts.into_iter().map(|part| part.text).collect(),
            Err(_) => String::new(),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ResponseFormat<'a> {
    #[serde(rename = "type")]
    pub(super) kind: FormatKind,
    #[serde(borrow)]
    pub(super) json_schema: Option<JsonSchema<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FormatKind {
    Text,
    JsonObject,
    JsonSchema,
}

#[derive(Debug, Deserialize)]
pub(super) struct JsonSchema<'a> {
    #[serde(borrow)]
    pub(super) schema: &'a RawValue,
}

/// The body of an answer, with one choice.
#[derive(Debug, Serialize)]
pub(super) struct ChatResponse<'a> {
    pub(super) id: String,
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: &'a str,
    pub(super) choices: [Choice<'a>; 1],
    pub(super) usage: Usage,
}

#[derive(Debug, Serialize)]
pub(super) struct Choice<'a> {
    pub(super) index: u32,
    pub(super) message: Answer<'a>,
    pub(super) logprobs: (),
    pub(super) finish_reason: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    pub(super) role: &'static str,
    pub(super) content: &'a str,
    pub(super) refusal: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Usage {
    pub(super) prompt_tokens: usize,
    pub(super) completion_tokens: usize,
    pub(super) total_tokens: usize,
    pub(super) prompt_tokens_details: PromptDetails,
    pub(super) completion_tokens_details: CompletionDetails,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct PromptDetails {
    pub(super) cached_tokens: usize,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct CompletionDetails {
    pub(super) reasoning_tokens: usize,
}

impl Usage {
    /// Counts a token for every four bytes, which is about right for English.
    pub(super) fn of_bytes(prompt: usize, completion: usize) -> Self {
        let (prompt, completion) = (prompt.div_ceil(4), completion.div_ceil(4));
        Self {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: prompt + completion,
            prompt_tokens_details: PromptDetails::default(),
            completion_tokens_details: CompletionDetails::default(),
        }
    }
}

/// Why a request is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// The name of the parameter that is to blame.
    pub(super) param: Option<&'static str>,
    pub(super) code: Option<&'static str>,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn invalid(param: Option<&'static str>, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            param,
            code: None,
            message: message.into(),
        }
    }

    /// Renders the refusal as the API's error body.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let body = serde_json::json!({ "error": {
            "message": self.message,
            "type": "invalid_request_error",
            "param": self.param,
            "code": self.code,
        }});
        body.to_string().into_bytes()
    }
}

/// Renders the list of models, which is one.
pub(super) fn models(model: &str) -> Vec<u8> {
    let model = serde_json::json!({
        "id": model, "object": "model", "created": CREATED, "owned_by": "simulator"
    });
    let list = serde_json::json!({ "object": "list", "data": [model] });
    list.to_string().into_bytes()
}

/// When everything was made: answers must not depend on the clock.
pub(super) const CREATED: u64 = 1_700_000_000;
