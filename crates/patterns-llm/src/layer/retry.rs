//! Tries failed calls again: the async shell around a [`RetryPolicy`].

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patterns_core::{
    BoxFuture, Event, EventSink, HoldReason, Layer, Model, ModelError, ModelErrorKind, ModelId,
    Request, Response, Usage,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::again::{where_cut, with_another_seed, with_more_room};
use super::alike::Alike;
use super::repeats::{FailureShare, Others, Repeats, is_own_trouble};
use super::retry_policy::{Attempts, Decision, RetryPolicy};
use crate::pace::{PacerState, Pool, demand};

/// So many attempts of a call that fail in outages don't count. Probes take turns, so with half a dozen
/// calls waiting that is half an hour; two or three that are left over get a quarter of one.
const MOST_IN_OUTAGE: u32 = 20;

/// After so many attempts that were thrown back the user is told, if nobody was answered meanwhile …
const THROTTLES_WORTH_TELLING: u32 = 3;

/// … and even if somebody was.
const THROTTLES_OF_ONE: u32 = 10;

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

    /// Sets the pool that the calls are paced by: attempts that fail in an outage hardly count, and
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
                let all_fail = self.lock().alike.failed(&error);
                Err(if all_fail {
                    error.with_kind(ModelErrorKind::AllRejected)
                } else {
                    error
                })
            }
        }
    }

    async fn attempts(&self, request: &Request) -> Result<Response, ModelError> {
        let mut trial = Trial::new(self.served());
        let mut changed: Option<Request> = None;
        loop {
            let sent = Instant::now();
            let asked = changed.as_ref().unwrap_or(request);
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
                changed = Some(wider);
            } else if let Some(redrawn) = with_another_seed(asked, &error, trial.repeats.times()) {
                changed = Some(redrawn);
                trial.first_redrawn();
            }
            trial.wasted += attempt_of(&error);
            self.tell(request, &trial, &error, wait);
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
        trial.attempts.record(error.kind(), took);
        if trial.repeats.record(error, shared.failures, trial.others) {
            return Decision::GiveUp;
        }
        let random = shared.random.random();
        self.policy.decide(error.kind(), trial.attempts, random)
    }

    fn tell(&self, request: &Request, trial: &Trial, error: &ModelError, wait: Duration) {
        self.events.emit(Event::AttemptFailed {
            origin: request.origin,
            attempt: trial.tries,
            kind: error.kind(),
            retry_in: wait,
        });
        if trial.is_worth_telling(error) {
            self.events.emit(Event::CallsHeld {
                origin: request.origin,
                model: self.inner.id().to_string(),
                reason: HoldReason::Throttled,
                cause: error.to_string(),
                wait,
                gives_up_in: None,
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

/// How one call has gone so far.
struct Trial {
    /// All attempts that were made.
    tries: u32,
    /// Those that count.
    attempts: Attempts,
    /// Those that failed in an outage.
    in_outage: u32,
    repeats: Repeats,
    /// Whether it was sent with another seed.
    is_redrawn: bool,
    wasted: Usage,
    /// How many attempts of all calls were answered when this one was first sent, and when it first
    /// failed.
    served_before: u64,
    served_at_failure: Option<u64>,
    others: Others,
    /// The cut answer that was asked for once more, with more room.
    cut: Option<ModelError>,
}

impl Trial {
    fn new(served_before: u64) -> Self {
        Self {
            tries: 0,
            attempts: Attempts::default(),
            in_outage: 0,
            repeats: Repeats::default(),
            is_redrawn: false,
            wasted: Usage::default(),
            served_before,
            served_at_failure: None,
            others: Others::Unknown,
            cut: None,
        }
    }

    /// Takes note of how the provider stands after an attempt has failed with `error`.
    fn see(&mut self, state: Option<PacerState>, error: &ModelError) {
        let Some(state) = state else { return };
        let served_at_failure = *self.served_at_failure.get_or_insert(state.served);
        self.others = if state.served > served_at_failure {
            Others::FareWell
        } else if state.served > self.served_before {
            Others::FaredWell
        } else {
            Others::Unknown
        };
        self.attempts.was_reached |= state.has_replied;
        self.attempts.is_faulty = state.served == 0 && is_own_trouble(error);
    }

    /// Takes note of an attempt that failed in an outage, which says little about its call; returns
    /// whether it did. But a call has an end of its own, whatever the pool thinks.
    fn is_outage(&mut self, state: Option<PacerState>, error: &ModelError) -> bool {
        let is_outage = state.is_some_and(|it| it.is_outage);
        if !is_outage || error.kind().retry_after().is_some() {
            return false;
        }
        // No document is to blame for a connection that cannot be made.
        let is_unreached = error.kind() == ModelErrorKind::Unreachable;
        self.in_outage += u32::from(!is_unreached);
        self.in_outage <= MOST_IN_OUTAGE
    }

    /// Returns the request with more room, if its answer was cut off for the first time.
    fn widens(&mut self, request: &Request, error: &ModelError) -> Option<Request> {
        let wider = with_more_room(request, error).filter(|_| self.cut.is_none())?;
        self.cut = Some(where_cut(error.clone(), request));
        Some(wider)
    }

    /// Forgets the failures of the first seed, once, so that others are given their chances.
    fn first_redrawn(&mut self) {
        if !std::mem::replace(&mut self.is_redrawn, true) {
            self.repeats = Repeats::default();
        }
    }

    /// Returns whether a user should hear that the call is thrown back again and again.
    fn is_worth_telling(&self, error: &ModelError) -> bool {
        let is_throttle = matches!(error.kind(), ModelErrorKind::RateLimited { .. });
        let throttled = self.attempts.throttled;
        let is_alone = self.others != Others::FareWell;
        is_throttle
            && ((is_alone && throttled == THROTTLES_WORTH_TELLING) || throttled == THROTTLES_OF_ONE)
    }

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
        let is_cut_again = error.kind() == ModelErrorKind::Truncated;
        if let Some(cut) = self.cut.clone().filter(|_| !is_cut_again) {
            // That there is no more room, at the server or in the budget, is not what went wrong.
            let usage = error.usage();
            let last = if usage.attempts == 0 {
                Usage::default()
            } else {
                attempt_of(&error)
            };
            return cut.with_usage(Usage {
                calls: 1,
                ..last + self.wasted
            });
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
