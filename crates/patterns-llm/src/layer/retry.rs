//! Tries failed calls again: the async shell around a [`RetryPolicy`].

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use patterns_core::{
    BoxFuture, Event, EventSink, Layer, Model, ModelError, ModelId, Request, Response, Usage,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::Instant;

use super::retry_policy::{Attempts, Decision, RetryPolicy};

/// Makes failed calls be tried again.
#[derive(Clone)]
pub struct RetryLayer {
    policy: RetryPolicy,
    events: Arc<dyn EventSink>,
    seed: u64,
}

impl RetryLayer {
    /// Makes the layer; waits are drawn from a generator with this seed.
    pub fn new(policy: RetryPolicy, seed: u64) -> Self {
        Self {
            policy,
            events: Arc::new(()),
            seed,
        }
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
            random: Mutex::new(StdRng::seed_from_u64(self.seed)),
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
    /// One generator for all calls, so that parallel calls draw different waits.
    random: Mutex<StdRng>,
}

impl<M: Model> Retry<M> {
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let start = Instant::now();
        let mut attempts = Attempts::default();
        let mut wasted = Usage::default();
        loop {
            let error = match self.inner.generate(request).await {
                Ok(mut response) => {
                    response.usage += wasted;
                    return Ok(response);
                }
                Err(error) => error,
            };
            attempts.record(error.kind(), start.elapsed());
            match self.policy.decide(error.kind(), attempts, self.draw()) {
                Decision::GiveUp if attempts.made == 1 => return Err(error),
                Decision::GiveUp => {
                    let total = attempt_of(&error) + wasted;
                    return Err(error.with_usage(Usage { calls: 1, ..total }));
                }
                Decision::RetryIn(wait) => {
                    wasted += attempt_of(&error);
                    self.events.emit(Event::AttemptFailed {
                        origin: request.origin,
                        attempt: attempts.made,
                        kind: error.kind(),
                        retry_in: wait,
                    });
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    fn draw(&self) -> f64 {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        random.random()
    }
}

/// Returns what one failed try adds to the bill of its call.
fn attempt_of(error: &ModelError) -> Usage {
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
