//! What is sent: the body of a chat completions request.

use std::borrow::Cow;

use patterns_core::{AnswerFormat, AnswerSchema, Effort, Request, Role};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::content::{Content, content, piece};
use crate::layer::has_lengths;
use crate::provider::dialect::sent;
use crate::provider::refused::{LeftOut, Parameter};
use crate::provider::words::schema_in_words;

/// Where servers differ in what they accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// OpenAI's own, with `max_completion_tokens`.
    OpenAi,
    /// The same at Azure.
    Azure,
    /// OpenRouter's, with many providers behind it.
    OpenRouter,
    /// Everybody else's, with the older `max_tokens`.
    Compatible,
}

impl Flavour {
    /// Returns the formats that servers may know, strongest first.
    pub(super) fn formats(self) -> &'static [AnswerFormat] {
        const ALL: &[AnswerFormat] = &[
            AnswerFormat::JsonSchema,
            AnswerFormat::PlainJsonSchema,
            AnswerFormat::JsonObjectSchema,
            AnswerFormat::JsonObject,
            AnswerFormat::Prompt,
        ];
        match self {
            // Its schemas have no lengths of texts.
            Self::OpenAi | Self::Azure => &ALL[1..],
            Self::OpenRouter | Self::Compatible => ALL,
        }
    }

    /// Returns whether the server shows its model the schema that it enforces. OpenAI's does, and
    /// bills it as input; showing it again would be paid twice.
    fn shows_schema(self) -> bool {
        matches!(self, Self::OpenAi | Self::Azure)
    }

    /// Returns how an effort is put, and how where that is refused: less first, as more is dearer.
    pub(super) fn efforts(effort: Effort) -> &'static [&'static str] {
        match effort {
            Effort::None => &["none", "minimal", "low"],
            Effort::Minimal => &["minimal", "none", "low"],
            Effort::Low => &["low", "minimal", "medium"],
            Effort::Medium => &["medium", "low", "high"],
            Effort::High => &["high", "medium"],
            Effort::Max => &["max", "xhigh", "high"],
        }
    }
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
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Route>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Accounting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

/// OpenRouter's own form of the effort.
#[derive(Debug, Serialize)]
struct Reasoning {
    effort: &'static str,
}

/// Which of the providers behind OpenRouter may answer.
#[derive(Debug, Serialize)]
struct Route {
    require_parameters: bool,
}

/// Asks OpenRouter what the answer costs.
#[derive(Debug, Serialize)]
struct Accounting {
    include: bool,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    /// Without it, most servers send no bill.
    include_usage: bool,
}

#[derive(Debug, Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: Content<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat<'a> {
    JsonSchema {
        json_schema: JsonSchema<'a>,
    },
    JsonObject {
        #[serde(skip_serializing_if = "Option::is_none")]
        schema: Option<&'a RawValue>,
    },
}

#[derive(Debug, Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    strict: bool,
    schema: Cow<'a, RawValue>,
}

impl<'a> Body<'a> {
    /// Writes `request` down for `model`, asking for its schema by `format`.
    pub(super) fn new(
        model: &'a str,
        request: &'a Request,
        format: AnswerFormat,
        flavour: Flavour,
    ) -> Self {
        let sampling = request.sampling;
        let (max_completion_tokens, max_tokens) = match flavour {
            Flavour::OpenAi | Flavour::Azure => (sampling.max_output_tokens, None),
            Flavour::OpenRouter | Flavour::Compatible => (None, sampling.max_output_tokens),
        };
        let schema = request.schema.as_deref();
        Self {
            model,
            messages: turns(request, format, flavour),
            response_format: schema.and_then(|schema| response_format(schema, format)),
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            max_completion_tokens,
            max_tokens,
            // Samples of one request must stay different draws, so each has a seed of its own.
            seed: sampling
                .seed
                .map(|seed| seed.wrapping_add(i64::from(request.sample))),
            reasoning_effort: None,
            reasoning: None,
            service_tier: None,
            provider: None,
            usage: None,
            stream: None,
            stream_options: None,
        }
    }

    /// Says how long the model is to think, and how urgent it is.
    pub(super) fn thinking(
        self,
        effort: Option<&'static str>,
        is_flex: bool,
        flavour: Flavour,
    ) -> Self {
        let is_router = flavour == Flavour::OpenRouter;
        Self {
            reasoning_effort: effort.filter(|_| !is_router),
            reasoning: effort
                .filter(|_| is_router)
                .map(|effort| Reasoning { effort }),
            service_tier: is_flex.then_some("flex"),
            ..self
        }
    }

    /// Says who behind OpenRouter may answer, and that the answer is to come with its price.
    pub(super) fn routed(mut self, is_strict: bool) -> Self {
        let is_strict = is_strict && self.response_format.is_some();
        self.provider = is_strict.then_some(Route {
            require_parameters: true,
        });
        self.usage = Some(Accounting { include: true });
        self
    }

    /// Makes the instructions the beginning of what the user says.
    pub(super) fn without_system(mut self) -> Self {
        if self.messages.first().is_some_and(|it| it.role == SYSTEM)
            && let Content::Text(system) = self.messages.remove(0).content
        {
            put_before(&mut self.messages, &system);
        }
        self
    }

    /// Leaves out what the server refuses.
    pub(super) fn without(mut self, left_out: LeftOut) -> Self {
        if left_out.has(Parameter::OtherLimit) {
            std::mem::swap(&mut self.max_tokens, &mut self.max_completion_tokens);
        }
        if left_out.has(Parameter::Limit) {
            (self.max_tokens, self.max_completion_tokens) = (None, None);
        }
        self.temperature
            .take_if(|_| left_out.has(Parameter::Temperature));
        self.top_p.take_if(|_| left_out.has(Parameter::TopP));
        self.seed.take_if(|_| left_out.has(Parameter::Seed));
        self
    }

    /// Returns the parameters that are sent and can be left out, by their names on the wire.
    pub(super) fn parameters(&self) -> Vec<&'static str> {
        sent([
            ("temperature", self.temperature.is_some()),
            ("top_p", self.top_p.is_some()),
            ("seed", self.seed.is_some()),
            (
                "max_completion_tokens",
                self.max_completion_tokens.is_some(),
            ),
            ("max_tokens", self.max_tokens.is_some()),
            ("stream_options", self.stream_options.is_some()),
            ("stream", self.stream.is_some()),
        ])
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

fn turns(request: &Request, format: AnswerFormat, flavour: Flavour) -> Vec<Turn<'_>> {
    let system = (!request.instructions.is_empty()).then_some(Turn {
        role: SYSTEM,
        content: Content::Text(Cow::Borrowed(&*request.instructions)),
    });
    let mut turns: Vec<Turn<'_>> = system.into_iter().collect();
    turns.extend(request.messages.iter().map(|message| Turn {
        role: match message.role {
            Role::User => USER,
            Role::Assistant => "assistant",
        },
        content: content(message),
    }));
    let schema = request.schema.as_deref();
    if let Some(words) = schema.and_then(|it| schema_in_words(it, format, flavour.shows_schema())) {
        put_before(&mut turns, &words);
    }
    turns
}

const SYSTEM: &str = "system";
const USER: &str = "user";

/// Puts words before the first thing that the user says.
fn put_before(turns: &mut Vec<Turn<'_>>, words: &str) {
    let turn = turns.iter_mut().find(|it| it.role == USER);
    match turn.map(|it| &mut it.content) {
        Some(Content::Text(text)) => *text = Cow::Owned([words, "\n\n", text].concat()),
        Some(Content::Pieces(pieces)) => pieces.insert(0, piece(Cow::Owned(words.to_owned()))),
        None => turns.push(Turn {
            role: USER,
            content: Content::Text(Cow::Owned(words.to_owned())),
        }),
    }
}

fn response_format(schema: &AnswerSchema, format: AnswerFormat) -> Option<ResponseFormat<'_>> {
    let enforced = |json| ResponseFormat::JsonSchema {
        json_schema: JsonSchema {
            name: schema.name(),
            strict: true,
            schema: json,
        },
    };
    match format {
        AnswerFormat::JsonSchema => Some(enforced(Cow::Borrowed(schema.json()))),
        AnswerFormat::PlainJsonSchema => Some(enforced(without_lengths(schema))),
        AnswerFormat::JsonObjectSchema => Some(ResponseFormat::JsonObject {
            schema: Some(schema.json()),
        }),
        AnswerFormat::JsonObject => Some(ResponseFormat::JsonObject { schema: None }),
        AnswerFormat::Tool | AnswerFormat::Prompt => None,
    }
}

/// Returns a schema as OpenAI's dialect has it.
fn without_lengths(schema: &AnswerSchema) -> Cow<'_, RawValue> {
    if !has_lengths(schema) {
        return Cow::Borrowed(schema.json());
    }
    let mut plain = schema.schema().clone();
    drop_lengths(&mut plain);
    // What a `Value` writes is JSON.
    let json = RawValue::from_string(plain.to_string());
    json.map_or(Cow::Borrowed(schema.json()), Cow::Owned)
}

/// Drops the limits of texts; names that look like them belong to properties, and are objects.
fn drop_lengths(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            for keyword in ["minLength", "maxLength"] {
                if map.get(keyword).is_some_and(Value::is_number) {
                    map.shift_remove(keyword);
                }
            }
            map.values_mut().for_each(drop_lengths);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_lengths),
        _ => {}
    }
}
