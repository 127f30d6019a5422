//! The protocols that the simulator speaks. It answers as chat completions do; what comes in another
//! protocol is put into that one, and what goes back is put into the other again.

mod gemini;
mod messages;
pub(super) mod ollama;

use std::borrow::Cow;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value, json};

use super::answer::Reply;
use super::sse::{Streaming, unstreamed};
use super::wire::Refusal;

/// A protocol, as far as the path of a request tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OpenAI's chat completions.
    Chat,
    /// Anthropic's messages.
    Messages,
    /// Ollama's chat.
    Ollama,
    /// Gemini's `generateContent`: the path names the model and says whether the answer is streamed.
    Gemini { model: String, streams: bool },
}

/// What a request asks for, in the protocol of chat completions.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) body: Bytes,
    /// How the answer is wanted.
    form: Form,
}

/// How an answer is wanted.
#[derive(Debug)]
enum Form {
    /// As it is.
    Chat(Option<Streaming>),
    /// In another protocol.
    Foreign(Foreign),
}

/// How an answer is wanted in another protocol.
#[derive(Debug, Default)]
struct Foreign {
    streams: bool,
    /// The tool that the model is made to call.
    tool: Option<String>,
    /// How many tokens of the prompt are read.
    window: Option<u64>,
}

impl Dialect {
    /// Returns the protocol of requests to a path.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            "/v1/chat/completions" => Some(Self::Chat),
            "/v1/messages" => Some(Self::Messages),
            "/api/chat" => Some(Self::Ollama),
            _ => {
                let (model, method) = path.strip_prefix("/v1beta/")?.rsplit_once(':')?;
                let streams = match method {
                    "generateContent" => false,
                    "streamGenerateContent" => true,
                    _ => return None,
                };
                let model = model.strip_prefix("models/").unwrap_or(model).to_owned();
                Some(Self::Gemini { model, streams })
            }
        }
    }

    /// Puts a request into the protocol of chat completions.
    pub(super) fn read(&self, body: &Bytes) -> Result<Asked, Refusal> {
        if *self == Self::Chat {
            let (plain, streaming) = unstreamed(body);
            return Ok(Asked {
                body: match plain {
                    Cow::Borrowed(_) => body.clone(),
                    Cow::Owned(plain) => plain.into(),
                },
                form: Form::Chat(streaming),
            });
        }
        let request: Value = serde_json::from_slice(body)
            .map_err(|error| Refusal::invalid(None, format!("The body is no JSON: {error}.")))?;
        let (chat, form) = match self {
            Self::Chat | Self::Messages => messages::read(&request)?,
            Self::Ollama => ollama::read(&request)?,
            Self::Gemini { model, streams } => gemini::read(&request, model, *streams)?,
        };
        Ok(Asked {
            body: chat.to_string().into(),
            form: Form::Foreign(form),
        })
    }

    /// Puts a reply into this protocol.
    pub(super) fn write(&self, reply: &mut Reply, asked: Option<&Asked>) {
        let form = match asked.map(|it| &it.form) {
            Some(Form::Chat(streaming)) => return reply.stream(*streaming),
            Some(Form::Foreign(form)) => form,
            None if *self == Self::Chat => return,
            None => &Foreign::default(),
        };
        // What is no JSON comes from somebody between.
        let Ok(body) = serde_json::from_slice::<Value>(&reply.body) else {
            return;
        };
        if body.get("error").is_some() {
            let error = self.error(reply.status, &body["error"]);
            reply.body = error.to_string().into();
            return;
        }
        let frames = self.frames(&body, form);
        reply.body = frames.concat().into();
        if form.streams {
            let kind = match self {
                Self::Ollama => "application/x-ndjson",
                _ => "text/event-stream",
            };
            reply
                .headers
                .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            reply.frames = frames;
        }
    }

    /// Returns the pieces of an answer; one, if it is not streamed.
    fn frames(&self, completion: &Value, form: &Foreign) -> Vec<Bytes> {
        let answer = Answer::of(completion);
        match self {
            Self::Chat | Self::Messages => messages::write(&answer, form),
            Self::Ollama => ollama::write(&answer, form),
            Self::Gemini { .. } => gemini::write(&answer, form),
        }
    }

    fn error(&self, status: StatusCode, error: &Value) -> Value {
        let message = &error["message"];
        match self {
            Self::Chat | Self::Messages => messages::error(status, error),
            Self::Ollama => json!({ "error": message }),
            Self::Gemini { .. } => gemini::error(status, error),
        }
    }
}

/// A completion, taken apart.
struct Answer<'a> {
    id: &'a str,
    model: &'a str,
    content: &'a str,
    is_refused: bool,
    is_cut: bool,
    input_tokens: u64,
    output_tokens: u64,
}

impl<'a> Answer<'a> {
    fn of(completion: &'a Value) -> Self {
        let text = |value: &'a Value| value.as_str().unwrap_or_default();
        let choice = &completion["choices"][0];
        let count = |name: &str| completion["usage"][name].as_u64().unwrap_or(0);
        Self {
            id: text(&completion["id"]),
            model: text(&completion["model"]),
            content: text(&choice["message"]["content"]),
            is_refused: choice["message"]["refusal"].is_string(),
            is_cut: choice["finish_reason"] == "length",
            input_tokens: count("prompt_tokens"),
            output_tokens: count("completion_tokens"),
        }
    }
}

/// Makes a request for a completion.
fn chat(
    model: &Value,
    messages: Vec<Value>,
    schema: Option<&Value>,
    is_json: bool,
    most: &Value,
) -> Value {
    let mut chat = Map::new();
    chat.insert("model".to_owned(), model.clone());
    chat.insert("messages".to_owned(), messages.into());
    if let Some(schema) = schema {
        let format =
            json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}});
        chat.insert("response_format".to_owned(), format);
    } else if is_json {
        chat.insert("response_format".to_owned(), json!({"type": "json_object"}));
    }
    if most.is_u64() {
        chat.insert("max_tokens".to_owned(), most.clone());
    }
    chat.into()
}

/// Makes a message of a completion.
fn message(role: &str, content: impl Into<Value>) -> Value {
    json!({"role": role, "content": content.into()})
}

/// Returns the text of something that is a text, or a list of parts that have one.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|it| it["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// Returns the list of a request that must have one.
fn list<'a>(request: &'a Value, name: &'static str) -> Result<&'a Vec<Value>, Refusal> {
    let list = request[name].as_array().filter(|it| !it.is_empty());
    list.ok_or_else(|| Refusal::invalid(Some(name), format!("{name}: at least one is required.")))
}
