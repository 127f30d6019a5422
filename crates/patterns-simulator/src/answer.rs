//! Decides the reply to a request: a pure function of the seed and what was sent.

use std::fmt;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use rand::Rng;
use serde_json::Value;

use super::draw::{Draw, Purpose};
use super::instances::Instances;
use super::latency::Latency;
use super::prompt::schema_in;
use super::schema::words;
use super::sse::{Streaming, frames};
use super::wire::{Answer, CREATED, ChatRequest, ChatResponse, Choice, FormatKind, Refusal, Usage};

/// The parts of a request that its reply may depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    /// The `x-call-key` header.
    pub(super) key: Option<&'a [u8]>,
    pub(super) body: &'a [u8],
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoil {
    /// It is no JSON.
    BrokenJson,
    /// It is JSON of another shape.
    WrongSchema,
    /// It ends at the token limit.
    Length,
    /// The model refuses.
    Refusal,
}

/// An answer with what is wrong with it.
struct Spoilt {
    content: String,
    refusal: Option<&'static str>,
    finish_reason: &'static str,
}

impl Spoilt {
    fn new(mut content: String, spoil: Option<Spoil>) -> Self {
        let (mut refusal, mut finish_reason) = (None, "stop");
        match spoil {
            None => {}
            Some(Spoil::BrokenJson) => content = content.replace(':', " ="),
            Some(Spoil::WrongSchema) => content = r#"{"unexpected": true}"#.to_owned(),
            Some(Spoil::Length) => {
                let half = content.chars().count() / 2;
                content = content.chars().take(half).collect();
                finish_reason = "length";
            }
            Some(Spoil::Refusal) => {
                content.clear();
                refusal = Some("I'm sorry, I can't help with that.");
            }
        }
        Self {
            content,
            refusal,
            finish_reason,
        }
    }
}

/// What is sent back, and after how long.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) delay: Duration,
    /// The pieces of the body, if it is streamed.
    pub(super) frames: Vec<Bytes>,
}

impl Reply {
    pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Self {
        let json = HeaderValue::from_static("application/json");
        Self {
            status,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: body.into(),
            delay: Duration::ZERO,
            frames: Vec::new(),
        }
    }

    /// Turns an answer into a stream, if one is wanted.
    pub(super) fn stream(&mut self, streaming: Option<Streaming>) {
        let frames = streaming.and_then(|it| frames(&self.body, it));
        if let Some(frames) = frames.filter(|_| self.status == StatusCode::OK) {
            let stream = HeaderValue::from_static("text/event-stream");
            self.headers.insert(CONTENT_TYPE, stream);
            self.body = frames.concat().into();
            self.frames = frames;
        }
    }

    pub(super) fn refusal(refusal: &Refusal) -> Self {
        Self::json(refusal.status, refusal.to_json())
    }
}

/// Answers requests for completions.
pub(super) struct Answerer {
    seed: u64,
    latency: Latency,
    instances: Instances,
}

impl fmt::Debug for Answerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answerer")
            .field("seed", &self.seed)
            .field("latency", &self.latency)
            .finish_non_exhaustive()
    }
}

impl Answerer {
    pub(super) fn new(seed: u64, latency: Latency) -> Self {
        Self {
            seed,
            latency,
            instances: Instances::default(),
        }
    }

    /// Reads a request and answers it; `spoil` is what is wrong with the answer, if anything.
    pub(super) fn reply(&self, parts: Parts<'_>, draw: Draw, spoil: Option<Spoil>) -> Reply {
        let answer = read(parts.body).and_then(|request| self.answer(&request, draw, spoil));
        match answer {
            // A real provider refuses at once, too.
            Err(refusal) => Reply::refusal(&refusal),
            Ok(body) => Reply {
                delay: self.latency.draw(&mut draw.rng(Purpose::Latency)),
                ..Reply::json(StatusCode::OK, body)
            },
        }
    }

    /// Returns where the randomness of an answer comes from.
    pub(super) fn draw(&self, parts: Parts<'_>) -> Draw {
        Draw::new(self.seed, parts.key, parts.body)
    }

    fn answer(
        &self,
        request: &ChatRequest<'_>,
        draw: Draw,
        spoil: Option<Spoil>,
    ) -> Result<Vec<u8>, Refusal> {
        let content = self.content(request, &mut draw.rng(Purpose::Answer))?;
        let Spoilt {
            content,
            refusal,
            finish_reason,
        } = Spoilt::new(content, spoil);
        let response = ChatResponse {
            id: format!("chatcmpl-{}", draw.id()),
            object: "chat.completion",
            created: CREATED,
            model: &request.model,
            usage: Usage::of_bytes(request.prompt_bytes(), content.len()),
            choices: [Choice {
                index: 0,
                message: Answer {
                    role: "assistant",
                    content: &content,
                    refusal,
                },
                logprobs: (),
                finish_reason,
            }],
        };
        serde_json::to_vec(&response).map_err(|error| Refusal::invalid(None, error.to_string()))
    }

    fn content(&self, request: &ChatRequest<'_>, rng: &mut impl Rng) -> Result<String, Refusal> {
        let format = request.response_format.as_ref();
        let kind = format.map_or(FormatKind::Text, |format| format.kind);
        if kind == FormatKind::JsonSchema {
            let missing = || Refusal::invalid(FORMAT, "Missing required parameter: 'json_schema'.");
            let schema = format.and_then(|format| format.json_schema.as_ref());
            let schema = schema.ok_or_else(missing)?.schema.get();
            return self.instance(schema.as_bytes(), || parse(schema), FORMAT, rng);
        }
        if let Some(schema) = prompted(request) {
            let text = schema.to_string();
            return self.instance(text.as_bytes(), || Ok(schema), MESSAGES, rng);
        }
        let count = rng.random_range(8..40);
        let text = words(rng, count, 0, None);
        Ok(match kind {
            FormatKind::JsonObject => serde_json::json!({ "answer": text }).to_string(),
            _ => format!("{}{}.", text[..1].to_uppercase(), &text[1..]),
        })
    }

    fn instance(
        &self,
        text: &[u8],
        schema: impl FnOnce() -> Result<Value, String>,
        param: Option<&'static str>,
        rng: &mut impl Rng,
    ) -> Result<String, Refusal> {
        let invalid = |why: &str| Refusal::invalid(param, format!("Invalid schema: {why}."));
        let plan = self.instances.plan(text, schema);
        let plan = plan.as_ref().as_ref().map_err(|why| invalid(why))?;
        let instance = plan.draw(rng);
        let instance = instance.ok_or_else(|| invalid("no instance of it was found"))?;
        Ok(instance.to_string())
    }
}

const FORMAT: Option<&str> = Some("response_format");
const MESSAGES: Option<&str> = Some("messages");

fn read(body: &[u8]) -> Result<ChatRequest<'_>, Refusal> {
    let request: ChatRequest<'_> = serde_json::from_slice(body).map_err(|error| {
        let message = format!("We could not parse the JSON body of your request: {error}.");
        Refusal::invalid(None, message)
    })?;
    if request.messages.is_empty() {
        return Err(Refusal::invalid(MESSAGES, "'messages' is empty."));
    }
    if request.stream == Some(true) {
        return Err(Refusal::invalid(
            Some("stream"),
            "The simulator does not stream.",
        ));
    }
    if request.n.is_some_and(|n| n != 1) {
        return Err(Refusal::invalid(
            Some("n"),
            "The simulator gives one choice.",
        ));
    }
    Ok(request)
}

/// Returns the schema that is asked for in words: by the standing instructions, or at the beginning of
/// what the user says, where the first paragraph that has one counts. What follows may be anything.
fn prompted(request: &ChatRequest<'_>) -> Option<Value> {
    let is_standing = |role: &str| role == "system" || role == "developer";
    let mut messages = request.messages.iter();
    let system = messages.find(|message| is_standing(&message.role));
    if let Some(schema) = system.and_then(|it| schema_in(&it.text())) {
        return Some(schema);
    }
    let user = request.messages.iter().find(|it| it.role == "user")?;
    user.text().split("\n\n").find_map(schema_in)
}

fn parse(schema: &str) -> Result<Value, String> {
    serde_json::from_str(schema).map_err(|error| error.to_string())
}
