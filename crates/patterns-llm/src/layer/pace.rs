//! Sends a call when the provider can take it: the layer in front of a [`Pool`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use patterns_core::{
    BoxFuture, Event, Layer, Model, ModelError, ModelErrorKind, ModelId, PauseReason, Request,
    Response, Usage,
};

use tokio::time::Instant;

use super::repeats::is_own_trouble;
use crate::pace::{Pool, Reason, Slot, Verdict, demand};

/// Waits shorter than this are nobody's concern.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// Makes calls wait for their turn in a pool.
#[derive(Clone)]
pub struct PaceLayer {
    pool: Arc<Pool>,
}

impl PaceLayer {
    /// Makes the layer; all models that it wraps share the pool.
    pub fn new(pool: Arc<Pool>) -> Self {
        Self { pool }
    }
}

impl fmt::Debug for PaceLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaceLayer")
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

impl<M: Model> Layer<M> for PaceLayer {
    type Model = Paced<M>;

    fn layer(&self, inner: M) -> Paced<M> {
        Paced {
            inner,
            layer: self.clone(),
        }
    }
}

/// A model whose calls wait for their turn; made by [`PaceLayer`].
///
/// # Cancellation
///
/// Dropping the future gives up the place in the queue, or the slot of a call in flight.
#[derive(Debug)]
pub struct Paced<M> {
    inner: M,
    layer: PaceLayer,
}

impl<M: Model> Paced<M> {
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let slot = tokio::select! {
            biased;
            () = request.scope.draining() => return Err(not_sent(ModelErrorKind::NotSent)),
            () = self.layer.pool.is_rejected(request) => return Err(not_sent(ModelErrorKind::AllRejected)),
            slot = self.slot(request) => slot.map_err(not_sent)?,
        };
        request.scope.emit(Event::AttemptSent {
            origin: request.scope.origin(),
            waited: slot.waited(),
        });
        let sent = Instant::now();
        let result = self.inner.generate(request).await;
        if let Err(error) = &result
            && error.is_transient()
        {
            self.layer.pool.keep_trouble(error.to_string());
        }
        slot.end(verdict(&result));
        result.map_err(|error| error.with_took(sent.elapsed()))
    }

    /// Waits for a slot. Each change of the run gives up the place in the queue and asks again, so that a
    /// run that is paused takes none, and a new bound holds at once.
    async fn slot(&self, request: &Request) -> Result<Slot, ModelErrorKind> {
        let admitted = || {
            let tell = |wait, reason| self.tell(request, wait, reason);
            self.layer.pool.admit(demand(request), tell)
        };
        let Some(steering) = request.scope.steering() else {
            return admitted().await;
        };
        loop {
            let changed = steering.changed();
            if steering.is_paused() {
                changed.cancelled().await;
                continue;
            }
            if let Some(most) = steering.concurrency() {
                self.layer.pool.set_most(most.get());
            }
            tokio::select! {
                biased;
                () = changed.cancelled() => {}
                slot = admitted() => return slot,
            }
        }
    }

    fn tell(&self, request: &Request, wait: Duration, reason: Reason) {
        let reason = match reason {
            Reason::Full | Reason::Rate => return,
            Reason::Asked => PauseReason::Asked,
            Reason::Outage => PauseReason::Outage,
        };
        if wait >= WORTH_TELLING {
            request.scope.emit(Event::CallsPaused {
                origin: request.scope.origin(),
                model: self.inner.id().to_string(),
                reason,
                cause: self.layer.pool.trouble(),
                wait,
                gives_up_in: self.layer.pool.outage().map(|it| it.1),
            });
        }
    }
}

/// The error of a call that was not sent, say because it would have failed like those before it.
fn not_sent(kind: ModelErrorKind) -> ModelError {
    let usage = Usage {
        calls: 1,
        ..Usage::default()
    };
    ModelError::new(kind)
        .with_usage(usage)
        .with_detail("it was not sent")
        .finally()
}

pub(super) fn verdict(result: &Result<Response, ModelError>) -> Verdict {
    let used = |usage: Usage| {
        let is_known = usage.attempts == 1 && usage.input_tokens > 0;
        is_known.then_some((usage.input_tokens, usage.output_tokens))
    };
    let error = match result {
        Ok(response) => return Verdict::Served(used(response.usage)),
        Err(error) => error,
    };
    let kind = error.kind();
    match kind {
        ModelErrorKind::RateLimited { retry_after } => Verdict::Throttled(retry_after),
        ModelErrorKind::Overloaded { retry_after } => Verdict::Overloaded(retry_after),
        ModelErrorKind::Timeout => Verdict::TimedOut,
        _ if is_own_trouble(error) => Verdict::Faulty(kind),
        ModelErrorKind::Unavailable { .. } | ModelErrorKind::Unreachable => Verdict::Broken(kind),
        ModelErrorKind::Unreadable => Verdict::Faulty(kind),
        ModelErrorKind::InvalidRequest | ModelErrorKind::UnsupportedFormat => Verdict::Rejected,
        // A layer within kept it from being sent, which says nothing about the provider.
        ModelErrorKind::BudgetExhausted | ModelErrorKind::NotSent => Verdict::Abandoned,
        _ if kind.is_fatal() => Verdict::Fatal(kind),
        _ => Verdict::Served(used(error.usage())),
    }
}

impl<M: Model> Model for Paced<M> {
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
