//! A shared store in front of a model.
//!
//! Behind it, equal calls of several processes are made once: one of them has the lease, and the others wait for
//! its answer, or for its end. Who makes calls by somebody that asks each question once anyway, and looks into
//! the same store, takes no leases: both would wait for each other.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use patterns_core::{
    BoxFuture, CallKey, Event, Layer, Model, ModelError, ModelErrorKind, ModelId, Request,
    Response, Scope, Warning,
};
use patterns_store::{Record, StorePolicy};
use tokio::time::sleep;

use crate::error::{SharedError, not_recorded};
use crate::lease::Lease;
use crate::shared_store::SharedStore;

/// How often who waits for another process looks again, at first and at the least.
const FIRST: Duration = Duration::from_millis(10);
const MOST: Duration = Duration::from_millis(500);

/// Puts a [`SharedStore`] in front of a model.
///
/// It belongs behind a [`StoreLayer`](patterns_store::StoreLayer), whose store keeps what cannot be written
/// here. With [`ReadOnly`](StorePolicy::ReadOnly) it belongs in front of that one, which says what is missing. Where
/// calls are dropped, somebody has to [keep giving back](SharedStore::keep_giving_back) their leases.
#[derive(Clone, Debug)]
pub struct SharedLayer {
    store: SharedStore,
    policy: StorePolicy,
    payer: i64,
    has_leases: bool,
}

impl SharedLayer {
    /// Makes the layer; the same store can serve any number of models.
    pub fn new(store: SharedStore) -> Self {
        Self {
            store,
            policy: StorePolicy::default(),
            payer: 0,
            has_leases: true,
        }
    }

    /// Sets which answers are given out.
    #[must_use]
    pub fn policy(mut self, policy: StorePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets who pays, by a number that stands for a run: an answer that it has paid for and not seen, because
    /// it was killed, comes with its bill.
    #[must_use]
    pub fn payer(mut self, payer: i64) -> Self {
        self.payer = payer;
        self
    }

    /// Takes no leases, since whoever makes the calls takes them.
    #[must_use]
    pub fn without_leases(mut self) -> Self {
        self.has_leases = false;
        self
    }
}

impl<M: Model> Layer<M> for SharedLayer {
    type Model = Shared<M>;

    fn layer(&self, inner: M) -> Shared<M> {
        Shared {
            name: inner.id().to_string().into(),
            inner,
            layer: self.clone(),
        }
    }
}

/// A model whose paid calls are shared; made by [`SharedLayer`].
///
/// If the shared store cannot be used, the call fails with [`NotRecorded`](ModelErrorKind::NotRecorded) before
/// it is made, which stops the run.
pub struct Shared<M> {
    name: Arc<str>,
    inner: M,
    layer: SharedLayer,
}

/// What comes of waiting for a call.
enum Turn {
    /// It is this process's to make.
    Mine(Option<Lease>),
    /// It is answered.
    Answered(Box<Record>),
}

impl<M: Model> Shared<M> {
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let store = &self.layer.store;
        let waiting = store.write_waiting().await;
        waiting.map_err(|error| not_recorded(&error))?;
        let key = CallKey::of(self.id(), request);
        let lease = match self.turn(&key, request).await? {
            Turn::Mine(lease) => lease,
            Turn::Answered(record) => return Ok(self.given(*record, request)),
        };
        if self.layer.policy == StorePolicy::ReadOnly {
            return self.inner.generate(request).await;
        }
        let result = self.inner.generate(request).await;
        let result = self.kept(key, request, result).await;
        if lease.is_some() {
            drop(lease);
            store.give_back().await;
        }
        result
    }

    /// Waits until the call is answered, or nobody else makes it.
    async fn turn(&self, key: &CallKey, request: &Request) -> Result<Turn, ModelError> {
        let SharedLayer { store, policy, .. } = &self.layer;
        if *policy == StorePolicy::Fresh {
            return Ok(Turn::Mine(None));
        }
        let failed = |error| not_recorded(&error);
        let scope = &request.scope;
        let found = store.find_for(key, scope).await.map_err(failed)?;
        match found {
            Some(record) => return Ok(Turn::Answered(record.into())),
            None if *policy == StorePolicy::ReadOnly || !self.layer.has_leases => {
                return Ok(Turn::Mine(None));
            }
            None => {}
        }
        let mut pause = FIRST;
        loop {
            if let Some(lease) = store.try_take(key, scope).await.map_err(failed)? {
                // Who had it before may have answered.
                let found = store.find_for(key, scope).await.map_err(failed)?;
                let Some(record) = found else {
                    return Ok(Turn::Mine(Some(lease)));
                };
                drop(lease);
                store.give_back().await;
                return Ok(Turn::Answered(record.into()));
            }
            tokio::select! {
                () = scope.draining() => return Err(ModelError::new(ModelErrorKind::NotSent)),
                () = sleep(pause) => pause = (pause * 2).min(MOST),
            }
        }
    }

    /// Records what came of a call. If another process was first, its answer counts, so that all have the same.
    async fn kept(
        &self,
        key: CallKey,
        request: &Request,
        result: Result<Response, ModelError>,
    ) -> Result<Response, ModelError> {
        let SharedLayer { store, payer, .. } = &self.layer;
        let Some(record) = Record::of_call(key, *payer, &*self.name, &result) else {
            return result;
        };
        let unwritten = Unwritten {
            store,
            record: Some(record),
            takes_place: self.layer.policy == StorePolicy::Fresh,
        };
        let recorded = unwritten.write(&request.scope).await;
        match recorded {
            Ok(None) => result,
            Ok(Some(first)) => result.map(|own| Response {
                usage: own.usage,
                ..first
            }),
            Err(error) => {
                tell_unshared(&error, request);
                result
            }
        }
    }

    /// Gives out a recorded answer: for nothing, unless whoever asks has paid for it and not seen it.
    fn given(&self, record: Record, request: &Request) -> Response {
        if record.run == self.layer.payer && record.run != 0 {
            return record.response;
        }
        request.scope.emit(Event::AnswerReused {
            origin: request.scope.origin(),
        });
        record.given_again()
    }
}

/// A paid call that is being written. If that fails, or nobody waits for it any more, it is kept to be written
/// later.
struct Unwritten<'a> {
    store: &'a SharedStore,
    record: Option<Record>,
    takes_place: bool,
}

impl Unwritten<'_> {
    async fn write(mut self, scope: &Scope) -> Result<Option<Response>, SharedError> {
        let Some(record) = &self.record else {
            return Ok(None);
        };
        let written = self.store.record_for(record, self.takes_place, scope).await;
        if written.is_ok() {
            self.record = None;
        }
        written
    }
}

impl Drop for Unwritten<'_> {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            self.store.wait_with(record, self.takes_place);
        }
    }
}

fn tell_unshared(error: &SharedError, request: &Request) {
    let words =
        format!("a paid answer is not shared, and nothing more is asked until it is: {error}");
    request.scope.emit(Event::WarningRaised {
        run: request.scope.origin().run,
        warning: Warning::new("not-shared", words),
    });
}

impl<M: Model> Model for Shared<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.call(request))
    }

    fn disown(&self, request: &Request) {
        if self.layer.policy != StorePolicy::ReadOnly {
            let key = CallKey::of(self.id(), request);
            self.layer.store.disown(&key);
        }
        self.inner.disown(request);
    }
}

impl<M> fmt::Debug for Shared<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("name", &self.name)
            .field("layer", &self.layer)
            .finish_non_exhaustive()
    }
}
