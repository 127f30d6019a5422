//! Asks again in a weaker answer format where the server does not know the one that was used, and
//! without a stream where it knows none.
//!
//! The adapter makes one attempt per call and finds out; this layer asks again. So that the further
//! attempt, too, reserves in the budget, waits its turn and has its own clock and span, it stands
//! outside all of these.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use patterns_core::{
    AnswerFormat, BoxFuture, Layer, Model, ModelError, ModelErrorKind, ModelId, Request, Response,
    Usage,
};

/// The formats, strongest first.
const FORMATS: [AnswerFormat; 3] = [
    AnswerFormat::JsonSchema,
    AnswerFormat::JsonObject,
    AnswerFormat::Prompt,
];

/// Remembers which answer formats a server has been found not to know, and whether it streams.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    rung: AtomicU8,
    streams: AtomicBool,
}

impl Ladder {
    pub(crate) fn new(streams: bool) -> Self {
        Self {
            rung: AtomicU8::default(),
            streams: AtomicBool::new(streams),
        }
    }

    /// Returns whether answers are to be streamed.
    pub(crate) fn streams(&self) -> bool {
        self.streams.load(Ordering::Relaxed)
    }

    /// Remembers that the server does not stream.
    pub(crate) fn stop_streaming(&self) {
        self.streams.store(false, Ordering::Relaxed);
    }

    /// Returns the strongest format that may be known.
    pub(crate) fn format(&self) -> AnswerFormat {
        FORMATS[usize::from(self.rung())]
    }

    /// Remembers that `from` is not known. Of several calls that find out together, the first is
    /// told the weaker format.
    pub(crate) fn step_down(&self, from: AnswerFormat) -> Option<AnswerFormat> {
        let to = from.step_down()?;
        let rung = FORMATS.iter().position(|it| *it == from)? as u8;
        let order = Ordering::Relaxed;
        let stepped = self.rung.compare_exchange(rung, rung + 1, order, order);
        stepped.is_ok().then_some(to)
    }

    fn rung(&self) -> u8 {
        self.rung.load(Ordering::Relaxed)
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
            let known = (self.ladder.rung(), self.ladder.streams());
            let error = match self.inner.generate(request).await {
                Ok(mut response) => {
                    response.usage += spent;
                    return Ok(response);
                }
                Err(error) => error,
            };
            let is_format = error.kind() == ModelErrorKind::UnsupportedFormat;
            if !is_format || (self.ladder.rung(), self.ladder.streams()) == known {
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
}
