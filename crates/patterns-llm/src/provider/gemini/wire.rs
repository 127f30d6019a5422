//! What is sent: the body of a request for content.
//!
//! Keywords that the dialect of its schemas lacks are dropped there without a word, so they are said in
//! descriptions. Optional properties are nullable and required here: each that may be absent multiplies
//! the states that the API counts against a limit.

use std::borrow::Cow;

use patterns_core::{AnswerFormat, Message, Part, Request, Role};
use serde::Serialize;
use serde_json::Value;

use crate::provider::dialect::{Put, sent};
use crate::provider::refused::Parameter;
use crate::provider::schema::{Lacks, without};
use crate::provider::words::{BETWEEN, NO_ANSWER, NOTHING, schema_in_words};

const LACKS: Lacks = Lacks {
    limits: &[
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
    ],
    items_above: None,
    pattern: |_| true,
    constants: true,
    nested_values: true,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Turn<'a>>,
    contents: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Config::is_empty")]
    generation_config: Config,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Turn<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: Vec<Piece<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Piece<'a> {
    Text(Cow<'a, str>),
    #[serde(rename_all = "camelCase")]
    InlineData {
        mime_type: &'static str,
        data: String,
    },
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Thinking>,
}

/// How long the model is to think: so many tokens, or at a level.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Thinking {
    ThinkingBudget(u32),
    ThinkingLevel(&'static str),
}

impl Thinking {
    fn of(text: &'static str) -> Self {
        text.parse()
            .map_or(Self::ThinkingLevel(text), Self::ThinkingBudget)
    }
}

impl Config {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl<'a> Body<'a> {
    /// Writes a request down.
    pub(super) fn new(request: &'a Request, put: &Put<'a>) -> Self {
        let sampling = request.sampling;
        let has = |parameter| !put.left_out.has(parameter);
        let schema = request.schema.as_deref();
        let is_json = matches!(
            put.format,
            AnswerFormat::JsonSchema | AnswerFormat::JsonObject
        );
        let instructions = Cow::Borrowed(&*request.instructions);
        let has_system = !put.folds_system && !request.instructions.trim().is_empty();
        Self {
            system_instruction: has_system.then(|| Turn {
                role: None,
                parts: vec![Piece::Text(instructions)],
            }),
            contents: turns(request, put),
            generation_config: Config {
                response_mime_type: schema.filter(|_| is_json).map(|_| "application/json"),
                response_json_schema: schema
                    .filter(|_| put.format == AnswerFormat::JsonSchema)
                    .map(|it| without(it.schema(), &LACKS)),
                temperature: sampling.temperature.filter(|_| has(Parameter::Temperature)),
                top_p: sampling.top_p.filter(|_| has(Parameter::TopP)),
                max_output_tokens: sampling.max_output_tokens,
                // Samples of one request must stay different draws; seeds have 31 bits here.
                seed: sampling
                    .seed
                    .filter(|_| has(Parameter::Seed))
                    .map(|seed| seed.wrapping_add(i64::from(request.sample)))
                    .map(|seed| seed.rem_euclid(i64::from(i32::MAX))),
                thinking_config: put.effort.map(Thinking::of),
            },
            service_tier: put.is_flex.then_some("flex"),
        }
    }

    /// Returns the parameters that are sent and can be left out.
    pub(super) fn parameters(&self) -> Vec<&'static str> {
        let config = &self.generation_config;
        sent([
            ("temperature", config.temperature.is_some()),
            ("topP", config.top_p.is_some()),
            ("seed", config.seed.is_some()),
            ("maxOutputTokens", config.max_output_tokens.is_some()),
        ])
    }
}

fn turns<'a>(request: &'a Request, put: &Put<'_>) -> Vec<Turn<'a>> {
    let mut turns: Vec<Turn<'a>> = request.messages.iter().map(turn).collect();
    let schema = request.schema.as_deref();
    let words = schema.and_then(|it| schema_in_words(it, put.format, !put.is_own));
    let folded = put
        .folds_system
        .then(|| Cow::Borrowed(&*request.instructions))
        .filter(|it| !it.trim().is_empty());
    for text in [words.map(Cow::Owned), folded].into_iter().flatten() {
        put_before(&mut turns, text);
    }
    for turn in &mut turns {
        let count = turn.parts.len();
        for part in turn.parts.iter_mut().take(count.saturating_sub(1)) {
            if let Piece::Text(text) = part {
                text.to_mut().push_str(BETWEEN);
            }
        }
    }
    turns
}

const USER: &str = "user";

fn turn(message: &Message) -> Turn<'_> {
    let (role, blank) = match message.role {
        Role::User => (USER, NOTHING),
        Role::Assistant => ("model", NO_ANSWER),
    };
    let mut parts: Vec<_> = message.parts.iter().flat_map(pieces).collect();
    if parts.is_empty() {
        parts.push(Piece::Text(blank.into()));
    }
    Turn {
        role: Some(role),
        parts,
    }
}

fn pieces(part: &Part) -> impl Iterator<Item = Piece<'_>> {
    let text = match part {
        Part::Text(text) => Cow::Borrowed(&**text),
        Part::Document(_) => Cow::Owned(part.to_string()),
    };
    let text = Some(text).filter(|it| !it.trim().is_empty());
    let attached = part.attachment().map(|it| Piece::InlineData {
        mime_type: it.media_type().name(),
        data: it.to_base64(),
    });
    text.map(Piece::Text).into_iter().chain(attached)
}

/// Puts words before the first thing that the user says.
fn put_before<'a>(turns: &mut Vec<Turn<'a>>, text: Cow<'a, str>) {
    let part = Piece::Text(text);
    match turns.iter_mut().find(|it| it.role == Some(USER)) {
        Some(turn) => turn.parts.insert(0, part),
        None => turns.push(Turn {
            role: Some(USER),
            parts: vec![part],
        }),
    }
}
