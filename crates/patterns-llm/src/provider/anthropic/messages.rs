//! The dialect of messages, and what it learns of a model.

use std::sync::atomic::{AtomicU32, Ordering};

use patterns_core::{AnswerFormat, Effort, ModelError, ModelErrorKind, Request};

use super::answer;
use super::wire::Body;
use crate::provider::dialect::{Dialect, Put, Unwritable, Written};
use crate::provider::reply::Completion;

/// The room of an answer for which nobody has set one; the API insists on a number. An answer that
/// needs more is asked for again with more.
const USUAL_ROOM: u32 = 8_192;

/// The same for one that is thought about for long: thoughts count as a part of the answer.
const ROOM_TO_THINK: u32 = 32_768;

/// Messages.
#[derive(Debug)]
pub(super) struct Messages {
    /// The most that the model is known to write.
    most: AtomicU32,
}

impl Default for Messages {
    fn default() -> Self {
        Self {
            most: AtomicU32::new(u32::MAX),
        }
    }
}

impl Dialect for Messages {
    fn formats(&self) -> &'static [AnswerFormat] {
        &[
            AnswerFormat::JsonSchema,
            AnswerFormat::Tool,
            AnswerFormat::Prompt,
        ]
    }

    /// Newer models take a word; the older ones, that refuse it, a number of tokens.
    fn efforts(&self, _: &str, effort: Effort) -> &'static [&'static str] {
        match effort {
            Effort::None => &["disabled"],
            Effort::Minimal => &["low", "1024"],
            Effort::Low => &["low", "2048"],
            Effort::Medium => &["medium", "8192"],
            Effort::High => &["high", "16384"],
            Effort::Max => &["max", "xhigh", "high", "32768"],
        }
    }

    fn write(&self, request: &Request, put: &Put<'_>) -> Result<Written, Unwritable> {
        let thinks_long = request.sampling.effort.is_some_and(|it| it >= Effort::High);
        let room = if thinks_long {
            ROOM_TO_THINK
        } else {
            USUAL_ROOM
        };
        let room = room.min(self.most.load(Ordering::Relaxed));
        let body = Body::new(request, put, room)?;
        let mut written = Written::new("/v1/messages", &body, body.parameters())?;
        written.usual_room = request.sampling.max_output_tokens.is_none().then_some(room);
        written.untold = match (request.sampling.seed.is_some(), put.is_flex) {
            (true, true) => &["seed", "tier"],
            (true, false) => &["seed"],
            (false, true) => &["tier"],
            (false, false) => &[],
        };
        Ok(written)
    }

    fn read(&self, body: &[u8]) -> Option<Completion> {
        answer::read(body)
    }

    /// Learns that the model writes no answers as long as the usual room. Of calls that are under way at
    /// once, each was sent with a room of its own, and each is asked again with a smaller one.
    fn learn(&self, error: &ModelError, written: &Written) -> bool {
        let sent = written
            .usual_room
            .filter(|_| error.kind() == ModelErrorKind::InvalidRequest);
        let most = error.detail().and_then(longest_answer);
        let (Some(sent), Some(most)) = (sent, most) else {
            return false;
        };
        self.most.fetch_min(most, Ordering::Relaxed);
        sent > most
    }
}

/// Reads how long answers may be, in tokens, from `max_tokens: 8192 > 4096, which is the maximum allowed
/// number of output tokens for …`.
pub(super) fn longest_answer(words: &str) -> Option<u32> {
    let (_, rest) = words.split_once("max_tokens: ")?;
    let (_, most) = rest.split_once(" > ")?;
    let (most, _) = most.split_once(", which is the maximum")?;
    most.parse().ok().filter(|it| *it > 0)
}
