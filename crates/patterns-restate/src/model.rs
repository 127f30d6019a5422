//! A model whose calls are durable invocations.
//!
//! The idempotency key of an invocation is the [`CallKey`], so that whoever asks again, in this process or
//! in a later one, is given the answer that is there, or waits for the one that is under way. Restate gives
//! it out even if the body differs; so all that may change an answer is in the key. A connection that is
//! lost costs nothing: the same is sent again, and attaches.
//!
//! A server that is away is waited for, for so long at all: calls of a run share one patience, or each would
//! have one of its own, one after the other.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use patterns_core::{
    BoxFuture, CallKey, Event, Model, ModelError, ModelErrorKind, ModelId, PauseReason, Request,
    Response, Waits,
};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::call::{Call, FORM, invoked_as};
use crate::durable::Shared;
use crate::notices::{GENERATE, Place, Waiting, is_disowned};
use crate::private;
use crate::verdict::{Asked, Verdict, verdict};

/// Generations of one call that are looked through for one that can be used. Each run that a call has
/// failed in has left one, until the server forgets them.
const MOST_GENERATIONS: u32 = 1000;

/// Generations of one private call that are said in plain words to be of no use. Each may have been paid for, and
/// a server that nobody has to trust may say so of every one.
const MOST_UNPROVEN: u32 = 10;

/// Generations that end without a reply before a call is given up: by then it is not somebody else who has
/// cancelled it.
const MOST_WITHOUT_REPLY: u32 = 3;

/// The wait before a request is sent again, and its bounds.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A model whose calls are carried out by a [`Worker`](crate::Worker) behind a Restate server; made by
/// [`Durable::model`](crate::Durable::model).
///
/// # Cancellation
///
/// Dropping the future of a call tells the server that nobody needs it any more: one that waits is not made.
/// One that is being made is finished, and its answer is kept under its key.
#[derive(Clone, Debug)]
pub struct DurableModel {
    pub(crate) id: ModelId,
    pub(crate) name: String,
    pub(crate) lane: Option<String>,
    pub(crate) lane_slots: Option<Arc<Semaphore>>,
    pub(crate) settings: Value,
    pub(crate) shared: Arc<Shared>,
}

impl DurableModel {
    /// Puts its calls in a lane: a scope of the server, which may limit how many are made at once over all
    /// workers. The server must have scopes (1.7 with virtual queues).
    #[must_use]
    pub fn lane(mut self, lane: impl Into<String>) -> Self {
        let lane = lane.into();
        self.lane_slots = self.shared.lane(&lane);
        self.lane = Some(lane);
        self
    }

    /// Sets how the worker is to ask, in words that it understands.
    #[must_use]
    pub fn settings(mut self, settings: Value) -> Self {
        self.settings = settings;
        self
    }

    /// Looks for a generation of the call that is of use.
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let shared = &self.shared;
        let not_sent = || ModelError::new(ModelErrorKind::NotSent);
        let _of_lane = match &self.lane_slots {
            Some(slots) => Some(slots.acquire().await.map_err(|_| not_sent())?),
            None => None,
        };
        let _slot = shared.slots.acquire().await.map_err(|_| not_sent())?;
        let key = CallKey::of(&self.id, request);
        let first = shared.generation(&key);
        let (mut without_reply, mut unproven) = (0, 0);
        for generation in first..first.saturating_add(MOST_GENERATIONS) {
            if request.scope.is_draining() {
                return Err(not_sent());
            }
            let place = self.place(&key, generation);
            match self.ask(request, &key, generation, &place).await? {
                Verdict::Ours(response) => return Ok(response),
                Verdict::Recorded(response) => {
                    // Whoever cannot be asked whether it was of use is not waited for: it is an answer.
                    let is_disowned = is_disowned(&shared.ingress, &place).await;
                    if !is_disowned.unwrap_or(false) {
                        return Ok(response);
                    }
                }
                Verdict::Failed(error) => {
                    shared.spoilt(key, generation);
                    return Err(error);
                }
                Verdict::Stale(_) => {}
                Verdict::Unproven(error) => {
                    unproven += 1;
                    if unproven >= MOST_UNPROVEN {
                        return Err(error);
                    }
                }
                Verdict::Ended(error) => {
                    without_reply += 1;
                    if without_reply >= MOST_WITHOUT_REPLY {
                        return Err(error);
                    }
                }
                Verdict::Refused(error) => return Err(error),
                Verdict::Later(why) => return Err(self.given_up(why)),
            }
            shared.spoilt(key, generation);
        }
        Err(ModelError::new(ModelErrorKind::InvalidRequest)
            .with_cause(format!("it has failed in {MOST_GENERATIONS} runs before")))
    }

    fn place(&self, key: &CallKey, generation: u32) -> Place {
        let driver = &self.shared.driver;
        let fresh_for = driver.is_fresh.then_some(&*driver.name);
        Place {
            lane: self.lane.clone(),
            key: invoked_as(&key.to_string(), generation, fresh_for),
        }
    }

    /// Invokes one generation, and tells of it.
    async fn ask(
        &self,
        request: &Request,
        key: &CallKey,
        generation: u32,
        place: &Place,
    ) -> Result<Verdict, ModelError> {
        let body = self.body(request, key, generation)?;
        let origin = request.scope.origin();
        let (begun, waited) = (Instant::now(), Waits::default());
        request.scope.emit(Event::AttemptSent { origin, waited });
        let verdict = self.invoke(request, key, place, body).await;
        let error = match &verdict {
            Verdict::Ours(_) | Verdict::Recorded(_) => None,
            Verdict::Later(why) => Some(why.clone()),
            Verdict::Failed(error)
            | Verdict::Stale(error)
            | Verdict::Unproven(error)
            | Verdict::Ended(error)
            | Verdict::Refused(error) => Some(error.to_string()),
        };
        let took = begun.elapsed();
        request.scope.emit(Event::AttemptEnded {
            origin,
            took,
            error,
        });
        Ok(verdict)
    }

    /// Sends the same until the server says something, was away for too long, or the run is being ended.
    async fn invoke(
        &self,
        request: &Request,
        key: &CallKey,
        place: &Place,
        body: Bytes,
    ) -> Verdict {
        let Shared {
            ingress,
            notices,
            driver,
            ..
        } = &*self.shared;
        let path = place.path(GENERATE, "call");
        let mut waiting = Waiting::new(notices, place.clone());
        let asked = Asked {
            asker: &driver.name,
            key: &place.key,
            seal: driver.seal.as_ref(),
            place: &ingress.place(),
        };
        let mut wait = FIRST_WAIT;
        loop {
            let posted = ingress.post(&path, Some(&place.key), body.clone());
            let why = match self.told_of_silence(request, posted).await {
                Ok(answer) => match verdict(&answer, &asked) {
                    Verdict::Later(why) => why,
                    verdict => {
                        self.shared.is_there();
                        waiting.over();
                        return verdict;
                    }
                },
                Err(lost) => {
                    waiting.sent(!lost.is_unsent);
                    lost.why
                }
            };
            if request.scope.is_draining() {
                return Verdict::Refused(ModelError::new(ModelErrorKind::NotSent));
            }
            if !self.is_waited_for(request, &why, wait) {
                return Verdict::Later(why);
            }
            tokio::select! {
                () = tokio::time::sleep(scattered(wait, key)) => {}
                () = request.scope.draining() => {}
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Waits for a reply, and tells once if no worker takes calls meanwhile.
    async fn told_of_silence<T>(&self, request: &Request, reply: impl Future<Output = T>) -> T {
        let idle = &self.shared.idle;
        let _open = idle.waiting();
        let mut reply = std::pin::pin!(reply);
        loop {
            tokio::select! {
                biased;
                reply = &mut reply => return reply,
                cause = idle.nobody_works() => request.scope.emit(Event::CallsPaused {
                    origin: request.scope.origin(),
                    model: self.id.to_string(),
                    reason: PauseReason::Outage,
                    cause,
                    wait: LONGEST_WAIT,
                    gives_up_in: None,
                }),
            }
        }
    }

    fn body(&self, request: &Request, key: &CallKey, generation: u32) -> Result<Bytes, ModelError> {
        let driver = &self.shared.driver;
        let call = Call {
            form: FORM,
            key: key.to_string(),
            model: self.name.clone(),
            id: self.id.clone(),
            request: request.clone(),
            settings: self.settings.clone(),
            generation,
            is_fresh: driver.is_fresh,
            asker: driver.name.clone(),
        };
        private::write_call(&call, driver.seal.as_ref()).map_err(|why| {
            ModelError::new(ModelErrorKind::InvalidRequest)
                .with_cause(format!("the call cannot be written: {why}"))
        })
    }

    /// Says that the server is away, if that is news; returns whether it is still waited for.
    fn is_waited_for(&self, request: &Request, why: &str, wait: Duration) -> bool {
        let (is_news, away) = self.shared.is_away();
        let patience = self.shared.driver.patience;
        if is_news {
            request.scope.emit(Event::CallsPaused {
                origin: request.scope.origin(),
                model: self.id.to_string(),
                reason: PauseReason::Outage,
                cause: why.to_owned(),
                wait,
                gives_up_in: Some(patience),
            });
        }
        away < patience
    }

    fn given_up(&self, why: String) -> ModelError {
        let (_, away) = self.shared.is_away();
        let cause = format!(
            "the Restate server has been away for {} s ({why})",
            away.as_secs()
        );
        ModelError::new(ModelErrorKind::Unreachable)
            .with_cause(cause)
            .finally()
    }
}

/// Spreads waits, so that calls that were broken off together don't come back together: by the key, so that
/// it is the same every time.
fn scattered(wait: Duration, key: &CallKey) -> Duration {
    wait.mul_f64(0.5 + f64::from(key.as_bytes()[0]) / 256.0)
}

impl Model for DurableModel {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.call(request))
    }

    fn disown(&self, request: &Request) {
        let key = CallKey::of(&self.id, request);
        let generation = self.shared.generation(&key);
        self.shared.notices.disown(self.place(&key, generation));
        self.shared.spoilt(key, generation);
    }
}
