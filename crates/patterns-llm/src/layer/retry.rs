//! Tries failed calls again: the async shell around a [`RetryPolicy`].

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patterns_core::{
    BoxFuture, Event, Layer, Model, ModelError, ModelErrorKind, ModelId, PauseReason, Request,
    Response,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::Instant;

use super::again::where_cut;
use super::alike::Alike;
use super::repeats::{FailureShare, is_own_trouble};
use super::retry_policy::{Decision, RetryPolicy};
use super::trial::{Trial, attempt_of};
use crate::pace::{Pool, demand};

/// Makes failed calls be tried again.
#[derive(Clone)]
pub struct RetryLayer {
    policy: RetryPolicy,
    pool: Option<Arc<Pool>>,
    seed: u64,
}

impl RetryLayer {
    /// Makes the layer; waits are drawn from a generator with this seed.
    pub fn new(policy: RetryPolicy, seed: u64) -> Self {
        Self {
            policy,
            pool: None,
            seed,
        }
    }

    /// Sets the pool that the calls are paced by: attempts that fail in an outage hardly count, and
    /// where most calls fail, retries wait for others to go well.
    #[must_use]
    pub fn pool(mut self, pool: Arc<Pool>) -> Self {
        self.pool = Some(pool);
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
            pool: self.pool.clone(),
            shared: Mutex::new(Shared {
                random: StdRng::seed_from_u64(self.seed),
                failures: FailureShare::default(),
                alike: Alike::default(),
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
    pool: Option<Arc<Pool>>,
    shared: Mutex<Shared>,
}

/// What all calls share.
struct Shared {
    /// One generator, so that parallel calls draw different waits.
    random: StdRng,
    failures: FailureShare,
    alike: Alike,
}

impl<M: Model> Retry<M> {
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        match self.attempts(request).await {
            Ok(response) => {
                self.lock().alike.answered();
                Ok(response)
            }
            Err(error) => {
                if let Some(pool) = &self.pool {
                    pool.gave_up(demand(request).call);
                }
                if !self.lock().alike.failed(&error) {
                    return Err(error);
                }
                if let Some(pool) = &self.pool {
                    pool.reject(request);
                }
                Err(error.with_kind(ModelErrorKind::AllRejected))
            }
        }
    }

    async fn attempts(&self, request: &Request) -> Result<Response, ModelError> {
        let mut trial = Trial::new(self.served());
        let mut changed: Option<Box<Request>> = None;
        loop {
            let sent = Instant::now();
            let asked = changed.as_deref().unwrap_or(request);
            let error = match self.inner.generate(asked).await {
                Ok(mut response) => {
                    if trial.attempts.made == 0 {
                        self.lock().failures.record(false);
                    }
                    response.usage += trial.wasted;
                    return Ok(response);
                }
                Err(error) => error,
            };
            let wider = trial.widens(request, &error);
            let took = error.took().unwrap_or_else(|| sent.elapsed());
            let wait = match self.decide(&mut trial, &error, took) {
                Decision::RetryIn(wait) => wait,
                Decision::GiveUp if wider.is_some() => Duration::ZERO,
                Decision::GiveUp => return Err(trial.billed(where_cut(error, asked))),
            };
            if let Some(wider) = wider {
                changed = Some(Box::new(wider));
            }
            trial.wasted += attempt_of(&error);
            self.tell(request, &trial, &error, wait);
            tokio::select! {
                biased;
                () = request.scope.draining() => return Err(trial.not_sent()),
                () = self.wait(wait) => trial.attempts.pass(wait),
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
        let state = self.pool.as_ref().map(|pool| pool.state());
        trial.see(state, error);
        if trial.is_outage(state, error) {
            // The pool knows when to try again, and lets others go first.
            return Decision::RetryIn(Duration::ZERO);
        }
        let shared = &mut *self.lock();
        if trial.attempts.made == 0 {
            shared.failures.record(is_own_trouble(error));
        }
        trial.record(state, error, took);
        if trial.repeats.record(error, shared.failures, trial.others) {
            return Decision::GiveUp;
        }
        let random = shared.random.random();
        self.policy.decide(error.kind(), trial.attempts, random)
    }

    fn tell(&self, request: &Request, trial: &Trial, error: &ModelError, wait: Duration) {
        request.scope.emit(Event::AttemptFailed {
            origin: request.scope.origin(),
            attempt: trial.tries,
            kind: error.kind(),
            retry_in: wait,
        });
        if let Some(reason) = trial.worth_telling(error) {
            let left = self.policy.max_elapsed.saturating_sub(trial.attempts.alike);
            request.scope.emit(Event::CallsPaused {
                origin: request.scope.origin(),
                model: self.inner.id().to_string(),
                reason,
                cause: error.to_string(),
                wait,
                gives_up_in: (reason == PauseReason::Outage).then_some(left),
            });
        }
    }

    fn served(&self) -> u64 {
        self.pool.as_ref().map_or(0, |pool| pool.state().served)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Model> Model for Retry<M> {
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

impl<M: fmt::Debug> fmt::Debug for Retry<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("inner", &self.inner)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
