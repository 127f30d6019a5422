//! The dialect of `generateContent`.

use patterns_core::{AnswerFormat, Effort, Request};

use super::answer;
use super::wire::Body;
use crate::address::in_path;
use crate::provider::dialect::{Dialect, Put, Unwritable, Written};
use crate::provider::reply::Completion;

/// `generateContent`.
#[derive(Debug)]
pub(super) struct Generate;

impl Dialect for Generate {
    fn formats(&self) -> &'static [AnswerFormat] {
        &[
            AnswerFormat::JsonSchema,
            AnswerFormat::JsonObject,
            AnswerFormat::Prompt,
        ]
    }

    /// Models before the third generation take a number of tokens and not a level.
    fn efforts(&self, model: &str, effort: Effort) -> &'static [&'static str] {
        let is_old = ["gemini-1", "gemini-2"].iter().any(|it| model.contains(it));
        match (is_old, effort) {
            (true, Effort::None) => &["0", "128"],
            (true, Effort::Minimal) => &["512"],
            (true, Effort::Low) => &["1024"],
            (true, Effort::Medium) => &["8192"],
            (true, Effort::High) => &["24576"],
            (true, Effort::Max) => &["32768", "24576"],
            (false, Effort::None | Effort::Minimal) => &["minimal", "low"],
            (false, Effort::Low) => &["low"],
            (false, Effort::Medium) => &["medium", "low", "high"],
            (false, Effort::High) => &["high"],
            (false, Effort::Max) => &["xhigh", "high"],
        }
    }

    fn write(&self, request: &Request, put: &Put<'_>) -> Result<Written, Unwritable> {
        let body = Body::new(request, put);
        Written::new(path(put), &body, body.parameters())
    }

    fn read(&self, body: &[u8]) -> Option<Completion> {
        answer::read(body)
    }
}

/// The model is a part of the path, and so is whether the answer is streamed.
fn path(put: &Put<'_>) -> String {
    let method = match put.streams {
        true => "streamGenerateContent?alt=sse",
        false => "generateContent",
    };
    let folder = if put.model.contains('/') {
        ""
    } else {
        "models/"
    };
    format!("/v1beta/{folder}{}:{method}", in_path(put.model))
}
