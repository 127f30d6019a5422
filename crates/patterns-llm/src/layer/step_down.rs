//! Asks again in a weaker answer format where the server does not know the one that was used,
//! without a stream where it knows none, without a system role where it refuses that, with another effort
//! or at the standard tier where it refuses those, and without a parameter that it refuses.
//!
//! The adapter makes one attempt per call and finds out; this layer asks again. So that the further
//! attempt, too, reserves in the budget, waits its turn and has its own clock and span, it stands
//! outside all of these.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use patterns_core::{
    AnswerFormat, BoxFuture, Effort, Layer, Model, ModelError, ModelErrorKind, ModelId, Request,
    Response, Usage,
};
use tokio::time::Instant;

use super::rungs::Rungs;
use crate::streaming::{SLOW, Streams};

/// Remembers which answer formats a server has been found not to know, whether it streams, whether it
/// knows the system role, and which parameters it refuses.
#[derive(Debug)]
pub(crate) struct Ladder {
    rungs: Rungs,
    streams: AtomicU8,
    folds_system: AtomicBool,
    left_out: AtomicU8,
    /// How often each effort was refused, in whatever words it was put.
    efforts: [AtomicU8; Effort::ALL.len()],
    changes: AtomicU32,
}

#[cfg(test)]
impl Default for Ladder {
    fn default() -> Self {
        Self::new(
            &[AnswerFormat::JsonSchema, AnswerFormat::Prompt],
            Streams::Never,
        )
    }
}

impl Ladder {
    /// Begins with the first of the formats that servers of this kind may know.
    pub(crate) fn new(formats: &'static [AnswerFormat], streams: Streams) -> Self {
        Self {
            rungs: Rungs::new(formats),
            streams: AtomicU8::new(streams as u8),
            folds_system: AtomicBool::default(),
            left_out: AtomicU8::default(),
            efforts: Default::default(),
            changes: AtomicU32::default(),
        }
    }

    /// Returns the parameters that are left out, a bit for each; the adapter knows which is which.
    pub(crate) fn left_out(&self) -> u8 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Remembers that parameters are to be left out; returns whether that is news.
    pub(crate) fn leave_out(&self, parameters: u8) -> bool {
        let before = self.left_out.fetch_or(parameters, Ordering::Relaxed);
        before | parameters != before
    }

    /// Returns how often an effort was refused.
    pub(crate) fn refusals_of(&self, effort: Effort) -> u8 {
        self.efforts[effort as usize].load(Ordering::Relaxed)
    }

    /// Remembers that an effort was refused once more than so often; returns whether that is news.
    pub(crate) fn refuse(&self, effort: Effort, before: u8) -> bool {
        let (to, order) = (before.saturating_add(1), Ordering::Relaxed);
        let changed = self.efforts[effort as usize].compare_exchange(before, to, order, order);
        changed.is_ok()
    }

    /// Returns whether answers are to be streamed.
    pub(crate) fn streams(&self) -> bool {
        self.streams.load(Ordering::Relaxed) == Streams::Always as u8
    }

    /// Returns whether answers will be streamed once one was slow.
    pub(crate) fn may_stream(&self) -> bool {
        self.streams.load(Ordering::Relaxed) == Streams::OnceSlow as u8
    }

    /// Takes the time of an attempt until this is dropped, be it that the attempt is.
    pub(crate) fn timed(&self) -> Timed<'_> {
        Timed {
            ladder: self,
            start: Instant::now(),
        }
    }

    /// Remembers that the server does not stream; returns whether that is news.
    pub(crate) fn stop_streaming(&self) -> bool {
        let before = self.streams.swap(Streams::Never as u8, Ordering::Relaxed);
        before != Streams::Never as u8
    }

    /// Returns whether instructions go into what the user says.
    pub(crate) fn folds_system(&self) -> bool {
        self.folds_system.load(Ordering::Relaxed)
    }

    /// Remembers that the server does not know the system role.
    pub(crate) fn fold_system(&self) {
        self.folds_system.store(true, Ordering::Relaxed);
    }

    /// Returns the strongest format that the request's schema may be known in.
    pub(crate) fn format(&self, request: &Request) -> AnswerFormat {
        self.rungs.format(request.schema.as_deref())
    }

    /// Remembers that the request has been answered in `format`.
    pub(crate) fn answered(&self, request: &Request, format: AnswerFormat) {
        if let Some(schema) = &request.schema {
            self.rungs.answered(schema, format);
        }
    }

    /// Remembers that the request has been refused in the format `from`. Of several calls that find
    /// out together, the first is told the weaker format.
    pub(crate) fn step_down(&self, request: &Request, from: AnswerFormat) -> Option<AnswerFormat> {
        self.rungs.step_down(request.schema.as_deref()?, from)
    }

    /// Remembers that the request's schema has no form in the format `from`, and returns the weaker one
    /// that it is asked for in.
    pub(crate) fn lower(&self, request: &Request, from: AnswerFormat) -> Option<AnswerFormat> {
        self.rungs.lower(request.schema.as_deref()?, from)
    }

    /// Remembers that the adapter has learnt something else, so that it is asked again.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns everything that decides how a request is put.
    fn state(&self, request: &Request) -> State {
        let effort = request.sampling.effort;
        State {
            format: self.format(request),
            streams: self.streams.load(Ordering::Relaxed),
            folds_system: self.folds_system(),
            left_out: self.left_out(),
            refusals: effort.map(|it| self.refusals_of(it)),
            changes: self.changes.load(Ordering::Relaxed),
        }
    }
}

/// Everything that decides how a request is put.
#[derive(PartialEq)]
struct State {
    format: AnswerFormat,
    streams: u8,
    folds_system: bool,
    left_out: u8,
    refusals: Option<u8>,
    changes: u32,
}

/// An attempt under way.
pub(crate) struct Timed<'a> {
    ladder: &'a Ladder,
    start: Instant,
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        if self.start.elapsed() >= SLOW {
            let (from, to) = (Streams::OnceSlow as u8, Streams::Always as u8);
            // It is another state already, or is now.
            let _ = self.ladder.streams.compare_exchange(
                from,
                to,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
        }
    }
}

/// Makes calls step down a ladder that they share with their adapter.
#[derive(Clone, Debug)]
pub(crate) struct StepDownLayer {
    ladder: Arc<Ladder>,
}

impl StepDownLayer {
    pub(crate) fn new(ladder: Arc<Ladder>) -> Self {
        Self { ladder }
    }
}

impl<M: Model> Layer<M> for StepDownLayer {
    type Model = StepDown<M>;

    fn layer(&self, inner: M) -> StepDown<M> {
        StepDown {
            inner,
            ladder: Arc::clone(&self.ladder),
        }
    }
}

/// A model that is asked again while its server turns out not to know an answer format.
#[derive(Clone, Debug)]
pub(crate) struct StepDown<M> {
    inner: M,
    ladder: Arc<Ladder>,
}

impl<M: Model> StepDown<M> {
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let mut spent = Usage::default();
        loop {
            let known = self.ladder.state(request);
            let error = match self.inner.generate(request).await {
                Ok(mut response) => {
                    response.usage += spent;
                    return Ok(response);
                }
                Err(error) => error,
            };
            let is_format = error.kind() == ModelErrorKind::UnsupportedFormat;
            if !is_format || self.ladder.state(request) == known {
                let usage = error.usage() + spent;
                let calls = usage.calls.max(u64::from(usage.attempts > 0));
                return Err(error.with_usage(Usage { calls, ..usage }));
            }
            // The attempt is on the bill of the call that goes on.
            let calls = 0;
            spent += Usage {
                calls,
                ..error.usage()
            };
        }
    }
}

impl<M: Model> Model for StepDown<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.call(request))
    }

    fn disown(&self, request: &Request) {
        self.inner.disown(request);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn streams_after(streams: Streams, attempts: &[u64]) -> bool {
        let ladder = Ladder::new(&[AnswerFormat::Prompt], streams);
        for seconds in attempts {
            let timed = ladder.timed();
            tokio::time::sleep(Duration::from_secs(*seconds)).await;
            drop(timed);
        }
        ladder.streams()
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_streamed_once_one_was_slow() {
        assert!(!streams_after(Streams::OnceSlow, &[1, 4, 4]).await);
        assert!(streams_after(Streams::OnceSlow, &[1, 5]).await);
        assert!(!streams_after(Streams::Never, &[60]).await);
        assert!(streams_after(Streams::Always, &[]).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_refused_a_stream_is_not_asked_for_one_again() {
        let ladder = Ladder::new(&[AnswerFormat::Prompt], Streams::Always);
        assert!(ladder.stop_streaming() && !ladder.stop_streaming());
        let timed = ladder.timed();
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(timed);
        assert!(!ladder.streams());
    }
}
