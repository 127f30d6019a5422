//! Turns any reply of a provider into a whole answer or an error that says what to do next.

use http::HeaderMap;
use patterns_core::{FinishReason, ModelError, ModelErrorKind, Response, Usage};
use serde_json::Value;

use super::completion::{Completion, Verdict, one_attempt};
use super::failure::Failure;
use super::redact::{MAX_DETAIL, Redactor};
use super::retry_after;
use crate::provider::transport::Reply;

/// Reads `reply` to a request for `model`; `read` reads an answer, and `has_worked` says whether the
/// provider has answered another one. A pure function: nothing here waits, asks or tells.
pub(crate) fn classify(
    reply: &Reply,
    model: &str,
    read: impl FnOnce(&[u8]) -> Option<Completion>,
    redactor: &Redactor,
    has_worked: bool,
) -> Result<Response, ModelError> {
    let reading = Reading {
        reply,
        redactor,
        has_worked,
    };
    if !reply.status.is_success() {
        return Err(reading.failure());
    }
    match read(&reply.body) {
        Some(completion) => reading.completion(completion, model),
        None => Err(reading.odd_success()),
    }
}

struct Reading<'a> {
    reply: &'a Reply,
    redactor: &'a Redactor,
    has_worked: bool,
}

impl Reading<'_> {
    fn completion(&self, completion: Completion, model: &str) -> Result<Response, ModelError> {
        let usage = completion.usage;
        let id = self.request_id(&Value::Null).or(completion.id);
        match completion.verdict {
            // What is in an answer is recorded and exported.
            Verdict::Answer(text, finish) => Ok(Response {
                text: self.redactor.answer(text),
                finish: match finish {
                    FinishReason::Other(name) => FinishReason::Other(self.redactor.answer(name)),
                    known => known,
                },
                usage,
                model: match completion.model {
                    Some(name) => self.redactor.answer(name),
                    None => model.to_owned(),
                },
                request_id: id.map(|it| self.redactor.answer(it)),
            }),
            Verdict::Failed(kind) => Err(self.with_id(ModelError::new(kind).with_usage(usage), id)),
            Verdict::Because(kind, words) => {
                let words = self.redactor.excerpt(&words, MAX_DETAIL);
                let error = ModelError::new(kind).with_usage(usage).with_detail(words);
                Err(self.with_id(error, id))
            }
            Verdict::Error(error) => {
                let failure = Failure::of_error(self.reply.status.as_u16(), &error);
                let body = serde_json::json!({ "error": error });
                Err(self.error(&failure, &body, usage))
            }
        }
    }

    /// A success that is no completion: an error of a shape of its own, or no JSON at all.
    fn odd_success(&self) -> ModelError {
        let status = self.reply.status.as_u16();
        let body: Value = serde_json::from_slice(&self.reply.body).unwrap_or_default();
        if let Some(failure) = Failure::of_json(status, &body) {
            return self.error(&failure, &body, one_attempt());
        }
        let text = String::from_utf8_lossy(&self.reply.body);
        let error = ModelError::new(ModelErrorKind::Unreadable)
            .with_status(status)
            .with_usage(one_attempt())
            .with_detail(self.redactor.excerpt(&text, MAX_DETAIL));
        self.with_id(error, self.request_id(&body))
    }

    fn failure(&self) -> ModelError {
        let status = self.reply.status.as_u16();
        let body: Value = serde_json::from_slice(&self.reply.body).unwrap_or_default();
        let failure = Failure::of_json(status, &body).unwrap_or_else(|| {
            let text = String::from_utf8_lossy(&self.reply.body);
            Failure::of_text(status, &text)
        });
        self.error(&failure, &body, one_attempt())
    }

    fn error(&self, failure: &Failure, body: &Value, usage: Usage) -> ModelError {
        let headers = &self.reply.headers;
        let wait = retry_after::retry_after(headers, body, &failure.message);
        let kind = failure.kind(wait, retry_after::should_retry(headers), self.has_worked);
        let mut error = ModelError::new(kind)
            .with_status(failure.status)
            .with_usage(usage);
        if let Some(code) = failure.code.as_ref().or(failure.class.as_ref()) {
            // A code is a word; a gateway that puts a sentence there might put a key there too.
            error = error.with_code(self.redactor.excerpt(code, 64));
        }
        let detail = match failure.status {
            407 => "it is the proxy on the way that asks for a user and a password".to_owned(),
            _ => self.redactor.excerpt(&failure.message, MAX_DETAIL),
        };
        if !detail.is_empty() {
            error = error.with_detail(detail);
        }
        self.with_id(error, self.request_id(body))
    }

    fn with_id(&self, error: ModelError, id: Option<String>) -> ModelError {
        match id {
            Some(id) => error.with_request_id(self.redactor.excerpt(&id, 100)),
            None => error,
        }
    }

    fn request_id(&self, body: &Value) -> Option<String> {
        let named = |headers: &HeaderMap, name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let known = ["x-request-id", "request-id", "apim-request-id"];
        let header = known
            .iter()
            .find_map(|name| named(&self.reply.headers, name));
        header.or_else(|| Some(body.get("request_id")?.as_str()?.to_owned()))
    }
}

#[cfg(test)]
mod tests;
