//! The dialect of messages, and what it learns of a model.

use std::sync::atomic::{AtomicU32, Ordering};

use patterns_core::{AnswerFormat, ModelError, ModelErrorKind, Request};

use super::answer;
use super::wire::Body;
use crate::provider::dialect::{Dialect, Put, Unwritable, Written};
use crate::provider::reply::Completion;

/// The room of an answer for which nobody has set one; the API insists on a number. An answer that
/// needs more is asked for again with more.
const USUAL_ROOM: u32 = 8_192;

/// Messages.
#[derive(Debug)]
pub(super) struct Messages {
    /// The room that is asked for where nobody has set one.
    room: AtomicU32,
}

impl Default for Messages {
    fn default() -> Self {
        Self {
            room: AtomicU32::new(USUAL_ROOM),
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

    fn write(&self, request: &Request, put: &Put<'_>) -> Result<Written, Unwritable> {
        let room = self.room.load(Ordering::Relaxed);
        let body = Body::new(request, put, room)?;
        let mut written = Written::new("/v1/messages", &body, body.parameters())?;
        written.usual_room = request.sampling.max_output_tokens.is_none().then_some(room);
        if request.sampling.seed.is_some() {
            written.untold = &["seed"];
        }
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
        self.room.fetch_min(most, Ordering::Relaxed);
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
