//! What is sent: the body of a chat.
//!
//! `keep_alive` is left to the server, whose owner has set how long models stay loaded; a run asks
//! without pause.

use std::borrow::Cow;

use patterns_core::{AnswerFormat, Attachment, Message, Part, Request, Role};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::provider::dialect::{Put, sent};
use crate::provider::refused::Parameter;
use crate::provider::words::schema_in_words;

#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Turn<'a>>,
    /// Streaming is the rule here, so it is always said.
    stream: bool,
    /// What does not fit is to be refused, not cut. Older servers do not know these, and cut.
    truncate: bool,
    shift: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    options: Options,
}

#[derive(Debug, Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    /// The pictures, in the order in which the content speaks of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Format<'a> {
    Schema(&'a RawValue),
    Named(&'static str),
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Think {
    Whether(bool),
    HowLong(&'static str),
}

impl Think {
    fn of(text: &'static str) -> Self {
        text.parse().map_or(Self::HowLong(text), Self::Whether)
    }
}

#[derive(Debug, Serialize)]
struct Options {
    num_ctx: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
}

impl<'a> Body<'a> {
    /// Writes a request down for a context of so many tokens.
    pub(super) fn new(request: &'a Request, put: &Put<'a>, num_ctx: u64) -> Self {
        let sampling = request.sampling;
        let has = |parameter| !put.left_out.has(parameter);
        let schema = request.schema.as_deref();
        Self {
            model: put.model,
            messages: turns(request, put),
            stream: put.streams,
            truncate: false,
            shift: false,
            format: schema.and_then(|schema| match put.format {
                AnswerFormat::JsonSchema => Some(Format::Schema(schema.json())),
                AnswerFormat::JsonObject => Some(Format::Named("json")),
                _ => None,
            }),
            think: put.effort.map(Think::of),
            options: Options {
                num_ctx,
                num_predict: sampling.max_output_tokens,
                temperature: sampling.temperature.filter(|_| has(Parameter::Temperature)),
                top_p: sampling.top_p.filter(|_| has(Parameter::TopP)),
                // Samples of one request must stay different draws.
                seed: sampling
                    .seed
                    .filter(|_| has(Parameter::Seed))
                    .map(|seed| seed.wrapping_add(i64::from(request.sample))),
            },
        }
    }

    /// Returns the parameters that are sent and can be left out.
    pub(super) fn parameters(&self) -> Vec<&'static str> {
        sent([
            ("temperature", self.options.temperature.is_some()),
            ("top_p", self.options.top_p.is_some()),
            ("seed", self.options.seed.is_some()),
            ("stream", self.stream),
        ])
    }
}

fn turns<'a>(request: &'a Request, put: &Put<'_>) -> Vec<Turn<'a>> {
    let instructions = Cow::Borrowed(&*request.instructions);
    let has_instructions = !instructions.is_empty();
    let schema = request.schema.as_deref();
    let words = schema.and_then(|it| schema_in_words(it, put.format, !put.is_own));
    let mut before: Vec<Cow<'a, str>> = words.map(Cow::Owned).into_iter().collect();
    let mut turns = Vec::new();
    match (put.folds_system, has_instructions) {
        (_, false) => {}
        (true, true) => before.insert(0, instructions),
        (false, true) => turns.push(Turn {
            role: "system",
            content: instructions,
            images: Vec::new(),
        }),
    }
    turns.extend(request.messages.iter().map(|message| Turn {
        role: match message.role {
            Role::User => USER,
            Role::Assistant => "assistant",
        },
        content: content(message),
        images: images(message),
    }));
    if !before.is_empty() {
        put_before(&mut turns, &before.join("\n\n"));
    }
    turns
}

const USER: &str = "user";

/// Puts words before the first thing that the user says.
fn put_before(turns: &mut Vec<Turn<'_>>, words: &str) {
    match turns.iter_mut().find(|it| it.role == USER) {
        Some(turn) => turn.content = Cow::Owned(format!("{words}\n\n{}", turn.content)),
        None => turns.push(Turn {
            role: USER,
            content: Cow::Owned(words.to_owned()),
            images: Vec::new(),
        }),
    }
}

fn content(message: &Message) -> Cow<'_, str> {
    match message.parts.as_slice() {
        [Part::Text(text)] => Cow::Borrowed(text),
        _ => Cow::Owned(message.to_text()),
    }
}

fn images(message: &Message) -> Vec<String> {
    let attached = message.parts.iter().filter_map(Part::attachment);
    attached.map(Attachment::to_base64).collect()
}
