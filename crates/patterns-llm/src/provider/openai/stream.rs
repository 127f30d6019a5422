//! Puts a streamed answer together: the pieces become the very body that would have come whole, so that
//! one table reads both.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use eventsource_stream::{EventStreamError, Eventsource};
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::http::{Incoming, too_slow};

/// So much white space in a row is no answer. Models that are held to a JSON grammar can fall into it.
const MOST_BLANK: usize = 2_000;

/// Reads a streamed answer and returns it as if it had come whole. `begun` is called at its first token.
///
/// Only events count as signs of life: keep-alives come as comments.
pub(super) async fn streamed(
    incoming: Incoming,
    begun: impl FnOnce(),
) -> Result<Bytes, ExchangeError> {
    let idle = incoming.idle;
    let pieces = stream::try_unfold(incoming, async |mut incoming: Incoming| {
        let piece = incoming.piece().await?;
        Ok(piece.map(|piece| (piece, incoming)))
    });
    assemble(pieces, Some(idle), begun).await
}

/// As [`streamed`], of a stream that is there already.
pub(super) async fn stored(body: Bytes, begun: impl FnOnce()) -> Result<Bytes, ExchangeError> {
    assemble(stream::iter([Ok(body)]), None, begun).await
}

async fn assemble(
    pieces: impl Stream<Item = Result<Bytes, ExchangeError>>,
    idle: Option<Duration>,
    begun: impl FnOnce(),
) -> Result<Bytes, ExchangeError> {
    let mut events = pin!(pieces.eventsource());
    let mut assembly = Assembly::default();
    let mut begun = Some(begun);
    loop {
        let event = match idle {
            Some(idle) => timeout_at(Instant::now() + idle, events.next())
                .await
                .map_err(too_slow)?,
            None => events.next().await,
        };
        let Some(event) = event else { break };
        let event = event.map_err(|error| match error {
            EventStreamError::Transport(error) => error,
            other => ExchangeError::new(ExchangeErrorKind::Broken).with_source(other.to_string()),
        })?;
        assembly.take(&event.data)?;
        if assembly.has_begun
            && let Some(begun) = begun.take()
        {
            begun();
        }
    }
    assembly.finish()
}

/// A streamed answer as far as it has come.
#[derive(Debug, Default)]
struct Assembly {
    id: Option<String>,
    model: Option<String>,
    content: String,
    refusal: String,
    finish_reason: Option<Value>,
    usage: Option<Value>,
    error: Option<Value>,
    is_done: bool,
    has_begun: bool,
    /// How much white space the answer ends with.
    blank: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chunk {
    id: Option<String>,
    model: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<Value>,
    error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    /// What servers stream of a model's thoughts; a sign of life, and no part of the answer.
    #[serde(alias = "reasoning_content")]
    reasoning: Option<Value>,
}

impl Assembly {
    /// Takes the data of one event.
    fn take(&mut self, data: &str) -> Result<(), ExchangeError> {
        if data.trim() == "[DONE]" {
            self.is_done = true;
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_str(data)
            .map_err(|error| ExchangeError::new(ExchangeErrorKind::Broken).with_source(error))?;
        let of_choice = |error: &mut Option<Value>| error.take().filter(|it| !it.is_null());
        let mut chunk = chunk;
        self.error = self.error.take().or(of_choice(&mut chunk.error));
        self.id = self.id.take().or(chunk.id);
        self.model = self.model.take().or(chunk.model);
        self.usage = chunk.usage.filter(|it| !it.is_null()).or(self.usage.take());
        let choice = chunk.choices.and_then(|it| it.into_iter().next());
        let Some(mut choice) = choice else {
            return Ok(());
        };
        self.error = self.error.take().or(of_choice(&mut choice.error));
        let finish = choice.finish_reason.filter(|it| !it.is_null());
        self.finish_reason = self.finish_reason.take().or(finish);
        let delta = choice.delta.unwrap_or_default();
        self.has_begun |= delta.reasoning.is_some_and(|it| !it.is_null());
        self.refusal += &delta.refusal.unwrap_or_default();
        self.add(&delta.content.unwrap_or_default())
    }

    fn add(&mut self, content: &str) -> Result<(), ExchangeError> {
        self.has_begun |= !content.is_empty() || !self.refusal.is_empty();
        let trailing = content.len() - content.trim_end().len();
        self.blank = match trailing {
            all if all == content.len() => self.blank + all,
            some => some,
        };
        if self.blank > MOST_BLANK {
            return Err(ExchangeError::new(ExchangeErrorKind::Blank));
        }
        self.content += content;
        Ok(())
    }

    /// Returns the body of the whole answer. A stream without an end is none: it broke off.
    fn finish(self) -> Result<Bytes, ExchangeError> {
        let body = match self.error {
            Some(error) => json!({"error": error, "usage": self.usage}),
            None if self.finish_reason.is_none() && !self.is_done => {
                return Err(ExchangeError::new(ExchangeErrorKind::Broken)
                    .with_source("the stream ended before the answer did"));
            }
            None => {
                let refusal = Some(self.refusal).filter(|it| !it.is_empty());
                json!({
                    "id": self.id,
                    "model": self.model,
                    "choices": [{
                        "message": {"content": self.content, "refusal": refusal},
                        "finish_reason": self.finish_reason,
                    }],
                    "usage": self.usage,
                })
            }
        };
        Ok(body.to_string().into())
    }
}

#[cfg(test)]
mod tests;
