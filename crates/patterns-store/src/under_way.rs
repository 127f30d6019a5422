//! A call that is under way: its attempts as events tell of them, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{CallKey, ModelError, Money, Usage};
use tokio::time::Instant;

use crate::call_record::{AttemptRecord, CallEnding, CallFailure};
use crate::prompts::Asked;

/// A call that is under way.
pub(crate) struct UnderWay {
    pub(crate) nth: u32,
    pub(crate) model: Arc<str>,
    pub(crate) began: Instant,
    pub(crate) attempts: Vec<AttemptRecord>,
    pub(crate) first_token: Option<Duration>,
}

impl UnderWay {
    pub(crate) fn new(nth: u32, model: &Arc<str>) -> Self {
        Self {
            nth,
            model: Arc::clone(model),
            began: Instant::now(),
            attempts: Vec::with_capacity(1),
            first_token: None,
        }
    }

    /// Takes note of an attempt that is sent now.
    pub(crate) fn sent(&mut self, attempt: AttemptRecord) {
        let now = self.began.elapsed();
        self.attempts.push(AttemptRecord {
            asked: now.saturating_sub(attempt.waited.total()),
            sent: now,
            ..attempt
        });
    }

    /// Ends the attempt that was sent when this one must have been.
    pub(crate) fn attempt_ended(&mut self, took: Duration, error: Option<String>) {
        let sent = self.began.elapsed().saturating_sub(took);
        let open = self.attempts.iter_mut().filter(|it| it.took.is_none());
        let attempt = match open.min_by_key(|it| it.sent.abs_diff(sent)) {
            Some(attempt) => attempt,
            None => {
                self.attempts.push(AttemptRecord {
                    asked: sent,
                    ..AttemptRecord::default()
                });
                let last = self.attempts.len() - 1;
                &mut self.attempts[last]
            }
        };
        attempt.sent = sent;
        attempt.first_token = self.first_token.take();
        attempt.took = Some(took);
        attempt.error = error;
    }
}

/// Names the row of a call. Its number alone would not do: until that is written down, another process may have
/// removed the row, and given its number to another call.
#[derive(Clone, Copy)]
pub(crate) struct CallRowId {
    pub(crate) id: i64,
    pub(crate) key: CallKey,
}

/// How a call has ended, as the layer knows it.
pub(crate) struct CallEnd {
    pub(crate) ending: CallEnding,
    /// The row of its answer and bill.
    pub(crate) row: Option<CallRowId>,
    /// What was asked, if no row has it.
    pub(crate) asked: Option<Asked>,
    pub(crate) usage: Option<Usage>,
    pub(crate) cost: Option<Money>,
    pub(crate) error: Option<CallFailure>,
}

impl CallEnd {
    pub(crate) fn new(ending: CallEnding) -> Self {
        Self {
            ending,
            row: None,
            asked: None,
            usage: None,
            cost: None,
            error: None,
        }
    }
}

impl From<&ModelError> for CallFailure {
    fn from(error: &ModelError) -> Self {
        Self {
            kind: error.kind().name().to_owned(),
            message: error.to_string(),
            status: error.status(),
            detail: error.detail().map(str::to_owned),
        }
    }
}
