//! What is sent: the body of a chat completions request.

use std::borrow::Cow;

use patterns_core::{AnswerFormat, AnswerSchema, Message, Part, Request, Role};
use serde::Serialize;
use serde_json::value::RawValue;

/// Where servers differ in what they accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// OpenAI's own, with `max_completion_tokens`.
    OpenAi,
    /// Everybody else's, with the older `max_tokens`.
    Compatible,
}

#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    /// Without it, most servers send no bill.
    include_usage: bool,
}

#[derive(Debug, Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat<'a> {
    JsonSchema { json_schema: JsonSchema<'a> },
    JsonObject,
}

#[derive(Debug, Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    strict: bool,
    schema: &'a RawValue,
}

impl<'a> Body<'a> {
    /// Writes `request` down for `model`, asking for its schema by `format`.
    pub(super) fn new(
        model: &'a str,
        request: &'a Request,
        format: AnswerFormat,
        dialect: Dialect,
    ) -> Self {
        let sampling = request.sampling;
        let (max_completion_tokens, max_tokens) = match dialect {
            Dialect::OpenAi => (sampling.max_output_tokens, None),
            Dialect::Compatible => (None, sampling.max_output_tokens),
        };
        let schema = request.schema.as_deref();
        Self {
            model,
            messages: turns(request, format),
            response_format: schema.and_then(|schema| response_format(schema, format)),
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            max_completion_tokens,
            max_tokens,
            // Samples of one request must stay different draws, so each has a seed of its own.
            seed: sampling
                .seed
                .map(|seed| seed.wrapping_add(i64::from(request.sample))),
            stream: None,
            stream_options: None,
        }
    }

    /// Asks for the answer as it is made.
    pub(super) fn streamed(self) -> Self {
        let include_usage = true;
        Self {
            stream: Some(true),
            stream_options: Some(StreamOptions { include_usage }),
            ..self
        }
    }
}

fn turns(request: &Request, format: AnswerFormat) -> Vec<Turn<'_>> {
    let system = system(request, format);
    let system = (!system.is_empty()).then_some(Turn {
        role: "system",
        content: system,
    });
    let turns = request.messages.iter().map(|message| Turn {
        role: match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        },
        content: content(message),
    });
    system.into_iter().chain(turns).collect()
}

/// Returns the standing instructions, the schema behind them where the format does not carry it.
/// There it is part of what all requests of an agent share, which providers cache.
fn system(request: &Request, format: AnswerFormat) -> Cow<'_, str> {
    match &request.schema {
        Some(schema) if format != AnswerFormat::JsonSchema => {
            let gap = if request.instructions.is_empty() {
                ""
            } else {
                "\n\n"
            };
            let schema = schema.json();
            Cow::Owned(format!(
                "{}{gap}Answer with one JSON object that is valid against this JSON Schema, and with \
                 nothing before or after it:\n{schema}",
                request.instructions
            ))
        }
        _ => Cow::Borrowed(&request.instructions),
    }
}

fn content(message: &Message) -> Cow<'_, str> {
    match message.parts.as_slice() {
        [Part::Text(text)] => Cow::Borrowed(text),
        _ => Cow::Owned(message.to_text()),
    }
}

fn response_format(schema: &AnswerSchema, format: AnswerFormat) -> Option<ResponseFormat<'_>> {
    match format {
        AnswerFormat::JsonSchema => Some(ResponseFormat::JsonSchema {
            json_schema: JsonSchema {
                name: schema.name(),
                strict: true,
                schema: schema.json(),
            },
        }),
        AnswerFormat::JsonObject => Some(ResponseFormat::JsonObject),
        AnswerFormat::Prompt => None,
    }
}
