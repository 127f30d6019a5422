//! The dialect of `generateContent`.

use patterns_core::{AnswerFormat, Request};

use super::answer;
use super::wire::Body;
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
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~/@".contains(&it);
    let name = put.model.bytes().map(|it| match is_plain(it) {
        true => char::from(it).to_string(),
        false => format!("%{it:02X}"),
    });
    format!("/v1beta/{folder}{}:{method}", name.collect::<String>())
}
