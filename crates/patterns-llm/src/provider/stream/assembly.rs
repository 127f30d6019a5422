//! What every dialect does with a stream: takes event by event, and makes a whole body of them.

use bytes::Bytes;

use super::sse::Event;
use crate::exchange::{ExchangeError, ExchangeErrorKind};

/// So much white space in a row is no answer. Models that are held to a JSON grammar can fall into it.
const MOST_BLANK: usize = 2_000;

/// A streamed answer as far as it has come.
pub(crate) trait Assembly: Send {
    /// Returns whether events are lines of JSON, and a body that begins with a brace is a stream.
    fn is_of_lines(&self) -> bool {
        false
    }

    /// Takes an event; returns whether it was a sign of life, which pings are not.
    ///
    /// # Errors
    ///
    /// Returns an error if it may have been a part of the answer and cannot be read.
    fn take(&mut self, event: &Event) -> Result<bool, ExchangeError>;

    /// Returns whether nothing more is to come.
    fn is_done(&self) -> bool {
        self.has_ended()
    }

    /// Returns whether the answer is whole, though its bill may be missing.
    fn has_ended(&self) -> bool;

    /// Returns whether a token or a thought has come.
    fn has_begun(&self) -> bool;

    /// Returns how many bytes of the answer are kept.
    fn len(&self) -> usize;

    /// Returns the body of the whole answer.
    ///
    /// # Errors
    ///
    /// Returns an error if the stream broke off before its end.
    fn finish(&mut self) -> Result<Bytes, ExchangeError>;

    /// Takes events; returns whether one was a sign of life.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    fn take_all(&mut self, events: &[Event]) -> Result<bool, ExchangeError> {
        let mut is_alive = false;
        for event in events {
            // The answer is whole: whatever comes behind its end is none of it.
            if self.is_done() {
                break;
            }
            is_alive |= self.take(event)?;
        }
        Ok(is_alive)
    }

    /// Takes what stood at the very end. Half an event there is that of a broken connection.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take), but for what cannot be read.
    fn take_last(&mut self, events: &[Event]) -> Result<(), ExchangeError> {
        match self.take_all(events) {
            Err(error) if error.kind() == ExchangeErrorKind::Garbled => Ok(()),
            result => result.map(drop),
        }
    }
}

/// Returns the error of a stream that ended too early.
pub(crate) fn broken() -> ExchangeError {
    ExchangeError::new(ExchangeErrorKind::Broken)
        .with_words("the stream ended before the answer did")
}

/// Counts the white space that an answer ends with.
#[derive(Debug, Default)]
pub(crate) struct Blanks(usize);

impl Blanks {
    /// Takes a further piece of an answer.
    pub(crate) fn see(&mut self, piece: &str) -> Result<(), ExchangeError> {
        let trailing = piece.len() - piece.trim_end().len();
        self.0 = match trailing {
            all if all == piece.len() => self.0 + all,
            some => some,
        };
        match self.0 > MOST_BLANK {
            true => Err(ExchangeError::new(ExchangeErrorKind::Blank)),
            false => Ok(()),
        }
    }
}
