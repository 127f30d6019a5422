//! Sends a slow call a second time and takes the answer that comes first: the shell around a
//! [`HedgePolicy`].

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use patterns_core::{
    BoxFuture, Event, Layer, Model, ModelError, ModelId, Request, Response, Steering, Usage,
};
use tokio::time::Instant;

use super::hedge_policy::{HedgePolicy, Hedger};
use super::pace::verdict;
use super::trial::attempt_of;
use crate::pace::{Pool, Slot, demand};

/// Makes slow calls be sent a second time.
///
/// It belongs inside pace: the clock of a call must not run while the call waits for its turn. The
/// second try asks the pool by itself, and only goes if it can go at once.
#[derive(Clone)]
pub struct HedgeLayer {
    /// Without one, nothing is sent twice.
    policy: Option<HedgePolicy>,
    pool: Arc<Pool>,
}

impl HedgeLayer {
    /// Makes the layer, which does nothing without a policy; second tries take slots of the pool.
    pub fn new(policy: Option<HedgePolicy>, pool: Arc<Pool>) -> Self {
        Self { policy, pool }
    }
}

impl fmt::Debug for HedgeLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HedgeLayer")
            .field("policy", &self.policy)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

impl<M: Model> Layer<M> for HedgeLayer {
    type Model = Hedged<M>;

    fn layer(&self, inner: M) -> Hedged<M> {
        Hedged {
            inner,
            hedger: self.policy.map(|policy| Mutex::new(Hedger::new(policy))),
            layer: self.clone(),
        }
    }
}

/// A model whose slow calls are sent a second time; made by [`HedgeLayer`].
///
/// The first answer wins; the other try is dropped, and stays on the bill as one attempt of unknown
/// cost. A try that fails leaves the call to the other one.
///
/// # Cancellation
///
/// Dropping the future drops both tries.
#[derive(Debug)]
pub struct Hedged<M> {
    inner: M,
    hedger: Option<Mutex<Hedger>>,
    layer: HedgeLayer,
}

/// No call that is answered faster than this is worth a second try.
const SHORTEST_CHECK: Duration = Duration::from_millis(50);

type Reply = Result<Response, ModelError>;

impl<M: Model> Hedged<M> {
    async fn call(&self, hedger: &Mutex<Hedger>, request: &Request) -> Reply {
        let sent = Instant::now();
        let reply = self.race(hedger, request).await;
        if reply.is_ok() {
            lock(hedger).answered(sent.elapsed());
        }
        reply
    }

    async fn race(&self, hedger: &Mutex<Hedger>, request: &Request) -> Reply {
        let mut first = self.inner.generate(request);
        let slow_after = lock(hedger).slow_after();
        let Some(slow_after) = slow_after else {
            return first.await;
        };
        let sent = Instant::now();
        // Where there is no room for a second try now, there may be some later.
        let check = slow_after.max(SHORTEST_CHECK);
        let slot = loop {
            if let Ok(reply) = tokio::time::timeout(check, &mut first).await {
                return reply;
            }
            if let Some(slot) = self.room(hedger, request) {
                break slot;
            }
        };
        self.tell(request, sent.elapsed());
        let mut second = pin!(async {
            let reply = self.inner.generate(request).await;
            slot.end(verdict(&reply));
            reply
        });
        tokio::select! {
            biased;
            reply = &mut first => match reply {
                Ok(answer) => Ok(billed(answer, DROPPED)),
                Err(error) => settled(error, second.await),
            },
            reply = &mut second => match reply {
                Ok(answer) => Ok(billed(answer, DROPPED)),
                Err(error) => settled(error, first.await),
            },
        }
    }

    /// Returns a slot for a second try, if it may be made.
    fn room(&self, hedger: &Mutex<Hedger>, request: &Request) -> Option<Slot> {
        let is_paused = request.scope.steering().is_some_and(Steering::is_paused);
        if request.scope.is_draining() || is_paused {
            return None;
        }
        let slot = self.layer.pool.spare(demand(request))?;
        // Dropped unused, the slot says nothing about the provider.
        lock(hedger).pay().then_some(slot)
    }

    fn tell(&self, request: &Request, after: Duration) {
        request.scope.emit(Event::CallHedged {
            origin: request.scope.origin(),
            after,
        });
    }
}

/// What a try adds to the bill that was dropped because the other one was answered first.
const DROPPED: Usage = Usage {
    calls: 0,
    attempts: 1,
    input_tokens: 0,
    cached_input_tokens: 0,
    cache_write_tokens: 0,
    output_tokens: 0,
    reasoning_tokens: 0,
    billed: None,
    cost: None,
};

/// Ends a call one of whose tries has failed.
fn settled(error: ModelError, other: Reply) -> Reply {
    match other {
        Ok(answer) => Ok(billed(answer, attempt_of(&error))),
        // What is certain to fail again is not tried again.
        Err(other) => {
            let (kept, lost) = if error.is_transient() {
                (other, error)
            } else {
                (error, other)
            };
            let usage = kept.usage() + attempt_of(&lost);
            Err(kept.with_usage(usage))
        }
    }
}

fn billed(answer: Response, more: Usage) -> Response {
    Response {
        usage: answer.usage + more,
        ..answer
    }
}

impl<M: Model> Model for Hedged<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Reply> {
        match &self.hedger {
            Some(hedger) => Box::pin(self.call(hedger, request)),
            None => self.inner.generate(request),
        }
    }

    fn disown(&self, request: &Request) {
        self.inner.disown(request);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
