//! Tries failed calls again: the async shell around a [`RetryPolicy`].

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patterns_core::{
    BoxFuture, Event, EventSink, Layer, Model, ModelError, ModelErrorKind, ModelId, Request,
    Response, Usage,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::repeats::{self, FailureShare, Repeats};
use super::retry_policy::{Attempts, Decision, RetryPolicy};
use crate::pace::Pool;

/// Makes failed calls be tried again.
#[derive(Clone)]
pub struct RetryLayer {
    policy: RetryPolicy,
    events: Arc<dyn EventSink>,
    pool: Option<Arc<Pool>>,
    drain: CancellationToken,
    seed: u64,
}

impl RetryLayer {
    /// Makes the layer; waits are drawn from a generator with this seed.
    pub fn new(policy: RetryPolicy, seed: u64) -> Self {
        Self {
            policy,
            events: Arc::new(()),
            pool: None,
            drain: CancellationToken::new(),
            seed,
        }
    }

    /// Sets what, once it is cancelled, keeps failed calls from being tried again.
    #[must_use]
    pub fn drain(mut self, drain: CancellationToken) -> Self {
        self.drain = drain;
        self
    }

    /// Sets the pool that the calls are paced by: attempts that fail in an outage don't count, and
    /// where most calls fail, retries wait for others to go well.
    #[must_use]
    pub fn pool(mut self, pool: Arc<Pool>) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Sets who is told of each failed attempt that is followed by another one.
    #[must_use]
    pub fn events(mut self, events: Arc<dyn EventSink>) -> Self {
        self.events = events;
        self
    }
}

impl fmt::Debug for RetryLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryLayer")
            .field("policy", &self.policy)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl<M: Model> Layer<M> for RetryLayer {
    type Model = Retry<M>;

    fn layer(&self, inner: M) -> Retry<M> {
        Retry {
            inner,
            policy: self.policy,
            events: Arc::clone(&self.events),
            pool: self.pool.clone(),
            drain: self.drain.clone(),
            shared: Mutex::new(Shared {
                random: StdRng::seed_from_u64(self.seed),
                failures: FailureShare::default(),
            }),
        }
    }
}

/// A model whose failed calls are tried again; made by [`RetryLayer`].
///
/// The bill of an answer, or of the last error, includes the failed attempts: `calls` stays what it
/// is for one call, `attempts` counts every try, and tokens billed for failed tries are added.
///
/// # Cancellation
///
/// Dropping the future ends the attempt or the wait; no further attempt is made.
pub struct Retry<M> {
    inner: M,
    policy: RetryPolicy,
    events: Arc<dyn EventSink>,
    pool: Option<Arc<Pool>>,
    drain: CancellationToken,
    shared: Mutex<Shared>,
}

/// What all calls share.
struct Shared {
    /// One generator, so that parallel calls draw different waits.
    random: StdRng,
    failures: FailureShare,
}

impl<M: Model> Retry<M> {
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let mut trial = Trial::default();
        loop {
            let sent = Instant::now();
            let error = match self.inner.generate(request).await {
                Ok(mut response) => {
                    if trial.attempts.made == 0 {
                        self.lock().failures.record(false);
                    }
                    response.usage += trial.wasted;
                    return Ok(response);
                }
                Err(error) => error,
            };
            let took = error.took().unwrap_or_else(|| sent.elapsed());
            let Decision::RetryIn(wait) = self.decide(&mut trial, &error, took) else {
                return Err(trial.billed(error));
            };
            trial.wasted += attempt_of(&error);
            self.events.emit(Event::AttemptFailed {
                origin: request.origin,
                attempt: trial.tries,
                kind: error.kind(),
                retry_in: wait,
            });
            tokio::select! {
                biased;
                () = self.drain.cancelled() => return Err(trial.not_sent()),
                () = self.wait(wait) => trial.attempts.elapsed += wait,
            }
        }
    }

    async fn wait(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
        if let Some(pool) = &self.pool {
            pool.admit_retry().await;
        }
    }

    fn decide(&self, trial: &mut Trial, error: &ModelError, took: Duration) -> Decision {
        trial.tries += 1;
        if !error.is_transient() {
            return Decision::GiveUp;
        }
        if let Some(state) = self.pool.as_ref().map(|pool| pool.state()) {
            trial.attempts.was_reached |= state.has_replied;
            if state.is_outage && error.kind().retry_after().is_none() {
                // It says nothing about this call. The pool knows when to try again.
                return Decision::RetryIn(Duration::ZERO);
            }
        }
        let shared = &mut *self.lock();
        if trial.attempts.made == 0 {
            shared.failures.record(repeats::is_internal(error));
        }
        trial.attempts.record(error.kind(), took);
        if trial.repeats.record(error, shared.failures) {
            return Decision::GiveUp;
        }
        let random = shared.random.random();
        self.policy.decide(error.kind(), trial.attempts, random)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How one call has gone so far.
#[derive(Default)]
struct Trial {
    /// All attempts that were made.
    tries: u32,
    /// Those that count.
    attempts: Attempts,
    repeats: Repeats,
    wasted: Usage,
}

impl Trial {
    /// Makes the error of a call that is not tried again because the run is being ended.
    fn not_sent(&self) -> ModelError {
        let usage = Usage {
            calls: 1,
            ..self.wasted
        };
        ModelError::new(ModelErrorKind::NotSent).with_usage(usage)
    }

    /// Puts the bill of all attempts on the last error.
    fn billed(&self, error: ModelError) -> ModelError {
        if self.tries <= 1 {
            return error;
        }
        let last = if error.usage().attempts == 0 && !error.is_transient() {
            error.usage()
        } else {
            attempt_of(&error)
        };
        let total = last + self.wasted;
        error.with_usage(Usage { calls: 1, ..total })
    }
}

/// Returns what one failed try adds to the bill of its call.
pub(super) fn attempt_of(error: &ModelError) -> Usage {
    let usage = error.usage();
    Usage {
        calls: 0,
        attempts: usage.attempts.max(1),
        ..usage
    }
}

impl<M: Model> Model for Retry<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.call(request))
    }
}

impl<M: fmt::Debug> fmt::Debug for Retry<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("inner", &self.inner)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
