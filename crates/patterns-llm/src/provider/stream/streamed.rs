//! Puts a streamed answer together: the pieces become the very body that would have come whole, so that
//! one table reads both.
//!
//! What is plainly no part of an answer is passed over: comments, pings, events without data. What may
//! have been one (an object that is cut or damaged beyond doubt) is never passed over: it makes the
//! whole reply unreadable, since an answer without it would look complete.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::assembly::Assembly;
use super::sse::{Event, Events, looks_like_events};
use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::http::{Incoming, LongReplies, MAX_REPLY_BYTES, too_slow};

/// How long the end of a stream is waited for once the answer has ended; it makes the connection fit to
/// be used again, and nothing else hangs on it.
const TAIL: Duration = Duration::from_secs(1);

/// Within what bounds a stream is read.
#[derive(Debug, Default)]
struct Bounds {
    /// Longest wait for a sign of life.
    idle: Option<Duration>,
    long: LongReplies,
}

/// Reads a streamed answer and returns it as if it had come whole. `begun` is called at its first token.
///
/// Only events count as signs of life: keep-alives come as comments. Before the first token nothing has to
/// come, since models that think, and those of the flex tier, are silent for minutes: there the clock of the
/// attempt is enough, as it is for an answer that comes whole.
pub(crate) async fn streamed(
    incoming: Incoming,
    assembly: Box<dyn Assembly>,
    begun: impl FnOnce(),
) -> Result<Bytes, ExchangeError> {
    let bounds = Bounds {
        idle: Some(incoming.idle),
        long: incoming.long.clone(),
    };
    let pieces = stream::try_unfold(incoming, async |mut incoming: Incoming| {
        let piece = incoming.piece().await?;
        Ok(piece.map(|piece| (piece, incoming)))
    });
    assemble(pieces, bounds, assembly, begun).await
}

/// Returns whether a reply that is labelled as something else looks like a stream.
pub(crate) fn looks_streamed(body: &[u8]) -> bool {
    looks_like_events(body) || is_lines(body)
}

/// As [`streamed`], of a reply that is there already. One that is labelled as something else is taken
/// for a stream if it reads like one.
pub(crate) async fn stored(
    body: Bytes,
    is_labelled: bool,
    assembly: Box<dyn Assembly>,
    begun: impl FnOnce(),
) -> Result<Bytes, ExchangeError> {
    let pieces = stream::iter([Ok(body.clone())]);
    match assemble(pieces, Bounds::default(), assembly, begun).await {
        Err(_) if !is_labelled => Ok(body),
        result => result,
    }
}

/// Returns whether a body is a JSON object per line, and not one that is spread over lines.
fn is_lines(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    // Nearly all are one line, which is seen at once.
    body.starts_with(b"{")
        && body.contains(&b'\n')
        && body.windows(2).any(|it| it == b"\n{")
        && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err()
}

/// What a reply turns out to be.
#[derive(Debug)]
enum Shape {
    /// Nothing but white space and marks has come.
    Unknown,
    Events(Events),
    /// A reply that is no stream, whatever its label says; mostly an error.
    Whole,
}

async fn assemble(
    pieces: impl Stream<Item = Result<Bytes, ExchangeError>>,
    bounds: Bounds,
    assembly: Box<dyn Assembly>,
    begun: impl FnOnce(),
) -> Result<Bytes, ExchangeError> {
    let mut pieces = pin!(pieces);
    let mut reading = Reading::new(assembly);
    let mut begun = Some(begun);
    let mut permit = None;
    let mut alive = Instant::now();
    loop {
        let idle = bounds.idle.filter(|_| reading.assembly.has_begun());
        let piece = match (reading.assembly.is_done(), idle) {
            (true, _) => timeout_at(alive + TAIL, pieces.next())
                .await
                .unwrap_or(None),
            (false, None) => pieces.next().await,
            (false, Some(idle)) => timeout_at(alive + idle, pieces.next())
                .await
                .unwrap_or_else(|late| Some(Err(too_slow(late)))),
        };
        let piece = match piece {
            Some(Ok(piece)) => piece,
            Some(Err(error)) if !reading.assembly.has_ended() => return Err(error),
            Some(Err(_)) | None => break,
        };
        if reading.take(&piece)? {
            alive = Instant::now();
        }
        if bounds.long.admit(reading.kept(), &mut permit).await {
            alive = Instant::now();
        }
        if reading.assembly.has_begun()
            && let Some(begun) = begun.take()
        {
            begun();
        }
        // Pieces that are there already never make this loop wait, so it gives way itself.
        tokio::task::yield_now().await;
    }
    reading.finish()
}

/// A streamed reply as far as it has been read.
struct Reading {
    shape: Shape,
    whole: Vec<u8>,
    assembly: Box<dyn Assembly>,
}

impl Reading {
    fn new(assembly: Box<dyn Assembly>) -> Self {
        Self {
            shape: Shape::Unknown,
            whole: Vec::new(),
            assembly,
        }
    }

    /// Takes a piece; returns whether it was a sign of life.
    fn take(&mut self, piece: &[u8]) -> Result<bool, ExchangeError> {
        let events = match &mut self.shape {
            Shape::Events(events) => events.take(piece),
            Shape::Whole => {
                self.whole.extend_from_slice(piece);
                Vec::new()
            }
            Shape::Unknown => {
                self.whole.extend_from_slice(piece);
                self.settle()
            }
        };
        let is_alive = match self.shape {
            Shape::Events(_) => self.assembly.take_all(&events)?,
            Shape::Whole | Shape::Unknown => !piece.iter().all(u8::is_ascii_whitespace),
        };
        match self.kept() > MAX_REPLY_BYTES {
            true => Err(ExchangeError::new(ExchangeErrorKind::TooLong)),
            false => Ok(is_alive),
        }
    }

    /// Finds out what the reply is, from its first byte that says something.
    fn settle(&mut self) -> Vec<Event> {
        let is_lead = |it: &u8| it.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(it);
        match self.whole.iter().find(|it| !is_lead(it)) {
            None => Vec::new(),
            Some(b'{') if self.assembly.is_of_lines() => self.begin(),
            Some(b'{' | b'[' | b'<') => {
                self.shape = Shape::Whole;
                Vec::new()
            }
            Some(_) => self.begin(),
        }
    }

    fn begin(&mut self) -> Vec<Event> {
        let mut events = Events::default();
        let found = events.take(&std::mem::take(&mut self.whole));
        self.shape = Shape::Events(events);
        found
    }

    /// Returns how many bytes of the reply are kept.
    fn kept(&self) -> usize {
        let pending = match &self.shape {
            Shape::Events(events) => events.pending(),
            Shape::Whole | Shape::Unknown => 0,
        };
        self.whole.len() + pending + self.assembly.len()
    }

    fn finish(mut self) -> Result<Bytes, ExchangeError> {
        match self.shape {
            Shape::Whole if is_lines(&self.whole) => {
                let mut events = Events::default();
                let mut found = events.take(&self.whole);
                found.extend(events.end());
                self.assembly.take_all(&found)?;
            }
            Shape::Whole => return Ok(self.whole.into()),
            Shape::Events(mut events) => self.assembly.take_last(&events.end())?,
            Shape::Unknown => {}
        }
        self.assembly.finish()
    }
}

#[cfg(test)]
mod tests;
