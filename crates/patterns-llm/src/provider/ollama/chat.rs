//! The dialect of Ollama's chat, and what it learns of a model.

use patterns_core::{AnswerFormat, BoxFuture, Effort, ModelError, ModelErrorKind, Request};
use serde_json::json;
use serde_json::value::to_raw_value;

use super::answer;
use super::context::{Context, Limits};
use super::wire::Body;
use crate::provider::dialect::{Dialect, Put, Unwritable, Written};
use crate::provider::reply::{Completion, read_json};
use crate::provider::transport::Server;
use crate::provider::truncated::least_of;

/// Ollama's chat.
#[derive(Debug, Default)]
pub(super) struct Chat {
    context: Context,
}

impl Chat {
    /// Asks what the model can read. A server that does not say it has said that; one that is not
    /// reached, or cannot answer now, is asked again.
    async fn show(server: &Server, model: &str) -> Result<Limits, ModelError> {
        let Ok(body) = to_raw_value(&json!({"model": model})) else {
            return Ok(Limits::default());
        };
        let reply = server.post("/api/show", None, &body).await?;
        if reply.status.is_server_error() || matches!(reply.status.as_u16(), 408 | 429) {
            let retry_after = None;
            return Err(ModelError::new(ModelErrorKind::Unavailable { retry_after }));
        }
        let shown = reply
            .status
            .is_success()
            .then(|| read_json(&reply.body).ok());
        Ok(shown
            .flatten()
            .map_or(Limits::default(), |it| Limits::read(&it)))
    }
}

impl Dialect for Chat {
    fn formats(&self) -> &'static [AnswerFormat] {
        &[
            AnswerFormat::JsonSchema,
            AnswerFormat::JsonObject,
            AnswerFormat::Prompt,
        ]
    }

    /// Most models only think or do not; what they are told of how much, some refuse.
    fn efforts(&self, _: &str, effort: Effort) -> &'static [&'static str] {
        match effort {
            Effort::None => &["false"],
            Effort::Minimal | Effort::Low => &["low", "true"],
            Effort::Medium => &["medium", "true"],
            Effort::High => &["high", "true"],
            Effort::Max => &["max", "high", "true"],
        }
    }

    fn prepare<'a>(&'a self, server: &'a Server, model: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let limits = &self.context.limits;
            let _ = limits.get_or_try_init(|| Self::show(server, model)).await;
        })
    }

    fn write(&self, request: &Request, put: &Put<'_>) -> Result<Written, Unwritable> {
        let most = self.context.limits.get().and_then(|it| it.most);
        let least = least_of(request);
        if let Some(most) = most.filter(|it| *it < least) {
            let words = format!("it has at least {least} tokens, and the model reads {most}");
            let error = ModelError::new(ModelErrorKind::ContextTooLong).with_detail(words);
            return Err(Unwritable::Request(error));
        }
        let size = self.context.size_for(request);
        let body = Body::new(request, put, size);
        let mut written = Written::new("/api/chat", &body, body.parameters())?;
        written.window = Some(size);
        if put.is_flex {
            written.untold = &["tier"];
        }
        Ok(written)
    }

    fn read(&self, body: &[u8]) -> Option<Completion> {
        answer::read(body)
    }

    /// Learns that the context was too small, while it can be larger.
    fn learn(&self, error: &ModelError, written: &Written) -> bool {
        let is_short = error.kind() == ModelErrorKind::ContextTooLong;
        let window = written.window.filter(|_| is_short);
        window.is_some_and(|window| self.context.grow(window))
    }
}
