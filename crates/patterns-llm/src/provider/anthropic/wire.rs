//! What is sent: the body of a request for a message.
//!
//! Instructions and long beginnings that others share are marked for the prompt cache. A mark costs a
//! quarter more for what is written, so what only one call has is left alone; what is shorter than the
//! cache takes is not billed for its mark.

use std::borrow::Cow;

use patterns_core::{AnswerFormat, Attachment, Part, Request, Role};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::schema;
use crate::provider::dialect::{Put, Unwritable, sent};
use crate::provider::refused::Parameter;
use crate::provider::words::{BETWEEN, NO_ANSWER, NOTHING, schema_in_words};

/// Instructions shorter than this are not cached: 1024 tokens of four bytes are the least.
const LEAST_BYTES: usize = 4 * 1024;

#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Debug, Serialize)]
struct Block<'a> {
    #[serde(flatten)]
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Ephemeral>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content<'a> {
    Text { text: Cow<'a, str> },
    Image { source: Bytes },
    Document { source: Bytes },
}

#[derive(Debug, Serialize)]
struct Bytes {
    #[serde(rename = "type")]
    kind: &'static str,
    media_type: &'static str,
    data: String,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Ephemeral {
    #[serde(rename = "type")]
    kind: &'static str,
}

const EPHEMERAL: Ephemeral = Ephemeral { kind: "ephemeral" };

#[derive(Debug, Default, Serialize)]
struct OutputConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
}

/// Whether the model thinks: as it sees fit, not at all, or in at most so many tokens.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Thinking {
    Adaptive,
    Disabled,
    Enabled { budget_tokens: u32 },
}

/// The least that a model which thinks has to be given for it.
const LEAST_THOUGHT: u32 = 1024;

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format {
    JsonSchema { schema: Value },
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    name: &'a str,
    description: &'static str,
    input_schema: &'a RawValue,
}

/// Any tool is the one that there is; llama.cpp takes a named one for a suggestion.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ToolChoice {
    Any,
}

impl<'a> Body<'a> {
    /// Writes a request down; `room` is what an answer gets for which nobody has set it.
    pub(super) fn new(request: &'a Request, put: &Put<'a>, room: u32) -> Result<Self, Unwritable> {
        let sampling = request.sampling;
        let mut body = Self {
            model: put.model,
            max_tokens: sampling.max_output_tokens.unwrap_or(room),
            system: Vec::new(),
            messages: turns(request, put),
            output_config: None,
            tools: Vec::new(),
            tool_choice: None,
            temperature: sampling
                .temperature
                .filter(|_| !put.left_out.has(Parameter::Temperature)),
            top_p: sampling
                .top_p
                .filter(|_| !put.left_out.has(Parameter::TopP)),
            thinking: None,
            stream: put.streams.then_some(true),
        };
        body.think(put.effort);
        if !put.folds_system && !request.instructions.trim().is_empty() {
            let mut block = block(Cow::Borrowed(&*request.instructions));
            if request.instructions.len() >= LEAST_BYTES {
                block.cache_control = Some(EPHEMERAL);
            }
            body.system.push(block);
        }
        body.ask_for_shape(request, put.format)?;
        Ok(body)
    }

    /// Says how long the model is to think: in a word, or in tokens, which count as a part of the answer.
    fn think(&mut self, effort: Option<&'static str>) {
        let Some(effort) = effort else { return };
        self.thinking = Some(match (effort, effort.parse::<u32>()) {
            ("disabled", _) => Thinking::Disabled,
            (_, Ok(tokens)) => {
                let budget_tokens = tokens.min(self.max_tokens / 2).max(LEAST_THOUGHT);
                Thinking::Enabled { budget_tokens }
            }
            (_, Err(_)) => {
                self.output_config.get_or_insert_default().effort = Some(effort);
                Thinking::Adaptive
            }
        });
    }

    fn ask_for_shape(
        &mut self,
        request: &'a Request,
        format: AnswerFormat,
    ) -> Result<(), Unwritable> {
        let Some(schema) = request.schema.as_deref() else {
            return Ok(());
        };
        match format {
            AnswerFormat::JsonSchema => {
                let schema = schema::of(schema.closed()).map_err(Unwritable::Schema)?;
                let config = self.output_config.get_or_insert_default();
                config.format = Some(Format::JsonSchema { schema });
            }
            AnswerFormat::Tool => {
                self.tools.push(Tool {
                    name: schema.name(),
                    description: "Takes the answer.",
                    input_schema: schema.json(),
                });
                self.tool_choice = Some(ToolChoice::Any);
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns the parameters that are sent and can be left out.
    pub(super) fn parameters(&self) -> Vec<&'static str> {
        sent([
            ("temperature", self.temperature.is_some()),
            ("top_p", self.top_p.is_some()),
            ("stream", self.stream.is_some()),
        ])
    }
}

fn turns<'a>(request: &'a Request, put: &Put<'a>) -> Vec<Turn<'a>> {
    let mut turns: Vec<Turn<'a>> = Vec::new();
    let total: usize = request.messages.iter().map(|it| it.parts.len()).sum();
    let mut at = 0;
    for message in &request.messages {
        let mut content = Vec::new();
        for part in &message.parts {
            at += 1;
            let text = text(part);
            if !text.trim().is_empty() {
                content.push(block(text));
            }
            content.extend(part.attachment().map(attached));
            let is_end = [
                at + 1 == total && put.shared[0],
                at == total && put.shared[1],
            ];
            if is_end.contains(&true) {
                mark_last(&mut content, &mut turns);
            }
        }
        turns.push(turn(message.role, content));
    }
    let words = request.schema.as_deref();
    let words = words.and_then(|it| schema_in_words(it, put.format, !put.is_own));
    let folded = put
        .folds_system
        .then(|| Cow::Borrowed(&*request.instructions))
        .filter(|it| !it.trim().is_empty());
    for words in [words.map(Cow::Owned), folded].into_iter().flatten() {
        put_before(&mut turns, words);
    }
    for turn in &mut turns {
        let count = turn.content.len();
        for block in turn.content.iter_mut().take(count.saturating_sub(1)) {
            if let Content::Text { text } = &mut block.content {
                text.to_mut().push_str(BETWEEN);
            }
        }
    }
    turns
}

const USER: &str = "user";

fn turn<'a>(role: Role, mut content: Vec<Block<'a>>) -> Turn<'a> {
    let (role, blank) = match role {
        Role::User => (USER, NOTHING),
        Role::Assistant => ("assistant", NO_ANSWER),
    };
    if content.is_empty() {
        content.push(block(Cow::Borrowed(blank)));
    }
    Turn { role, content }
}

/// Marks the last block so far: a blank part is not sent, and its mark belongs to what is before it.
fn mark_last<'a>(content: &mut [Block<'a>], turns: &mut [Turn<'a>]) {
    let before = turns.last_mut().and_then(|it| it.content.last_mut());
    if let Some(block) = content.last_mut().or(before) {
        block.cache_control = Some(EPHEMERAL);
    }
}

fn text(part: &Part) -> Cow<'_, str> {
    match part {
        Part::Text(text) => Cow::Borrowed(text),
        Part::Document(_) => Cow::Owned(part.to_string()),
    }
}

fn block(text: Cow<'_, str>) -> Block<'_> {
    Block {
        content: Content::Text { text },
        cache_control: None,
    }
}

fn attached(attachment: &Attachment) -> Block<'_> {
    let media_type = attachment.media_type();
    let source = Bytes {
        kind: "base64",
        media_type: media_type.name(),
        data: attachment.to_base64(),
    };
    Block {
        content: match media_type.is_picture() {
            true => Content::Image { source },
            false => Content::Document { source },
        },
        cache_control: None,
    }
}

/// Puts words before the first thing that the user says.
fn put_before<'a>(turns: &mut Vec<Turn<'a>>, words: Cow<'a, str>) {
    let block = block(words);
    match turns.iter_mut().find(|it| it.role == USER) {
        Some(turn) => turn.content.insert(0, block),
        None => turns.push(Turn {
            role: USER,
            content: vec![block],
        }),
    }
}
