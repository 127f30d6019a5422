//! A store in front of a model.
//!
//! A rejected answer is replayed, not repaid, as long as its re-ask was answered: the agent rejects it again for
//! nothing and finds the recorded re-ask. An agent that gives up disowns the first answer, and the whole chain
//! is asked for again. A second re-ask in the same words is another sample, or it would find the first one's
//! answer.

use std::fmt;
use std::sync::Arc;

use patterns_core::{
    BoxFuture, CallKey, Event, Layer, Model, ModelError, ModelErrorKind, ModelId, Request,
    Response, Warning,
};

use crate::call_record::CallEnding;
use crate::error::not_recorded;
use crate::record::{Entry, stump};
use crate::recorder::Recorder;
use crate::status::CallStatus;
use crate::store::Found;
use crate::under_way::{CallEnd, CallRowId};
use crate::{Store, StoreError, StoreErrorKind};

/// Which answers are given out, and whether calls are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StorePolicy {
    /// Recorded answers are given out, others are paid for and recorded.
    #[default]
    Use,
    /// Every call is made; its answer takes the place of the recorded one.
    Fresh,
    /// Recorded answers are given out, and no call is made.
    ReadOnly,
}

/// Puts a [`Store`] in front of a model.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use patterns_core::{Layer, Model, Request};
/// use patterns_store::{Store, StoreLayer};
/// use patterns_testkit::ScriptedModel;
///
/// let model = StoreLayer::new(Store::in_memory()?).layer(ScriptedModel::new(["paid for once"]));
/// let first = model.generate(&Request::default()).await?;
/// let again = model.generate(&Request::default()).await?;
/// assert_eq!(first.text, again.text);
/// assert_eq!((first.usage.attempts, again.usage.attempts), (1, 0));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct StoreLayer {
    store: Store,
    policy: StorePolicy,
    run: i64,
    recorder: Option<Arc<Recorder>>,
}

impl StoreLayer {
    /// Makes the layer; the same store can serve any number of models.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            policy: StorePolicy::default(),
            run: 0,
            recorder: None,
        }
    }

    /// Sets which answers are given out.
    #[must_use]
    pub fn policy(mut self, policy: StorePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets the run that pays for calls, by the number of its [record](crate::RunRecord).
    #[must_use]
    pub fn run(mut self, run: i64) -> Self {
        self.run = run;
        self
    }

    /// Sets who writes down how the calls of the run go.
    #[must_use]
    pub fn recorder(mut self, recorder: Arc<Recorder>) -> Self {
        self.recorder = Some(recorder);
        self
    }
}

impl<M: Model> Layer<M> for StoreLayer {
    type Model = Stored<M>;

    fn layer(&self, inner: M) -> Stored<M> {
        Stored {
            name: inner.id().to_string().into(),
            inner,
            layer: self.clone(),
        }
    }
}

/// A model whose paid calls are recorded; made by [`StoreLayer`].
///
/// A recorded answer comes back as one call without attempts and tokens. A new answer is recorded
/// before anybody sees it. Refused, filtered and cut-off answers are recorded for their cost, and
/// asked for again, as are those that were [disowned](Model::disown). Other errors leave no record.
///
/// If the record cannot be read or kept, the call fails with
/// [`NotRecorded`](ModelErrorKind::NotRecorded), which stops the run.
#[derive(Debug)]
pub struct Stored<M> {
    name: Arc<str>,
    inner: M,
    layer: StoreLayer,
}

impl<M: Model> Stored<M> {
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let StoreLayer {
            policy, recorder, ..
        } = &self.layer;
        let key = CallKey::of(self.id(), request);
        if let Some(recorder) = recorder {
            recorder.begins(request.scope.origin(), &self.name);
        }
        if *policy != StorePolicy::Fresh
            && let Some(found) = self.find(&key, request).await.map_err(not_recorded)?
        {
            request.scope.emit(Event::AnswerReused {
                origin: request.scope.origin(),
            });
            self.tell_found(request, &found);
            return Ok(found.record.given_again());
        }
        if *policy == StorePolicy::ReadOnly {
            return Err(ModelError::new(ModelErrorKind::NotInStore));
        }
        let result = self.inner.generate(request).await;
        let row = self.enter(key, request, &result).await?;
        let row = row.map(|id| CallRowId { id, key });
        self.tell_end(request, row, &result);
        result
    }

    /// Records a call that was paid for, and returns the number of its row when that is safe.
    async fn enter(
        &self,
        key: CallKey,
        request: &Request,
        result: &Result<Response, ModelError>,
    ) -> Result<Option<i64>, ModelError> {
        let Some(entry) = self.entry(key, result) else {
            return Ok(None);
        };
        let asked = self
            .layer
            .recorder
            .as_ref()
            .and_then(|it| it.asked(request));
        let entered = self.layer.store.enter(entry.asked(asked)).await;
        entered.map(Some).map_err(|error| {
            // It has been paid for all the same.
            let usage = match result {
                Ok(response) => response.usage,
                Err(error) => error.usage(),
            };
            not_recorded(error).with_usage(usage)
        })
    }

    /// Tells the recorder of an answer that was found. What was asked is kept if it was not before.
    fn tell_found(&self, request: &Request, found: &Found) {
        let Some(recorder) = &self.layer.recorder else {
            return;
        };
        let asked = || recorder.asked(request);
        let end = CallEnd {
            row: Some(CallRowId {
                id: found.id,
                key: found.record.key,
            }),
            asked: (!found.has_prompt).then(asked).flatten(),
            ..CallEnd::new(CallEnding::Found)
        };
        recorder.ends(request.scope.origin(), end);
    }

    /// Tells the recorder how a call has ended that was made.
    fn tell_end(
        &self,
        request: &Request,
        row: Option<CallRowId>,
        result: &Result<Response, ModelError>,
    ) {
        let Some(recorder) = &self.layer.recorder else {
            return;
        };
        let (ending, usage, error) = match result {
            Ok(response) => (CallEnding::Answered, response.usage, None),
            // The run was ended before its turn came: nobody failed.
            Err(error) if error.kind() == ModelErrorKind::NotSent => {
                (CallEnding::Cancelled, error.usage(), None)
            }
            Err(error) => (CallEnding::Failed, error.usage(), Some(error.into())),
        };
        let asked = || recorder.asked(request);
        let end = CallEnd {
            row,
            asked: row.is_none().then(asked).flatten(),
            usage: Some(usage),
            cost: usage.cost,
            error,
            ..CallEnd::new(ending)
        };
        recorder.ends(request.scope.origin(), end);
    }

    /// Finds the recorded answer. An index that leads astray is made anew, and the user is told.
    async fn find(&self, key: &CallKey, asked: &Request) -> Result<Option<Found>, StoreError> {
        let StoreLayer { store, .. } = &self.layer;
        match store.find_known(key) {
            Err(error)
                if error.kind() == StoreErrorKind::Misled
                    && self.layer.policy != StorePolicy::ReadOnly =>
            {
                asked.scope.emit(Event::WarningRaised {
                    run: asked.scope.origin().run,
                    warning: Warning::new(
                        "store-damaged",
                        "the index of the store was damaged: it led to the answer of another call; \
                         it was made anew, and what it lacks is asked for again",
                    ),
                });
                store.mend_index().await?;
                store.find_row(key)
            }
            found => found,
        }
    }

    /// Returns what is kept of a call, if it was paid for.
    fn entry(&self, key: CallKey, result: &Result<Response, ModelError>) -> Option<Entry> {
        let entry =
            |status, response| Entry::new(key, status, self.layer.run, &self.name, response);
        match result {
            Ok(response) => Some(entry(CallStatus::Answered, response)),
            Err(error) => Some(entry(CallStatus::of_error(error.kind())?, &stump(error))),
        }
    }
}

impl<M: Model> Model for Stored<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.call(request))
    }

    fn disown(&self, request: &Request) {
        if self.layer.policy != StorePolicy::ReadOnly {
            self.layer.store.disown(&CallKey::of(self.id(), request));
        }
        self.inner.disown(request);
    }
}

impl fmt::Debug for StoreLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreLayer")
            .field("store", &self.store)
            .field("policy", &self.policy)
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}
