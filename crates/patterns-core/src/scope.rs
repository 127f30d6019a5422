//! Says what a call belongs to: its run and branch, who is told of it, and whether the run is being ended or
//! held up; and which call it is, once somebody knows.
//!
//! It travels with the call, from the pattern through the agent to the last layer of a model. So models and
//! agents are made once and serve any number of runs, and who sets up a run says in one place who is told
//! and what ends or changes it. The token needs no runtime: it is told, and wakes who waits.

use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{BranchId, CallKey, Event, EventSink, Origin, RunId, Steering};

/// What a call belongs to. By default to no run: nobody is told, and nothing ends it.
///
/// Cheap to clone. It is no part of what a call is known by, and is not written down with it; two scopes are
/// equal if they name the same branch.
#[derive(Clone, Default)]
pub struct Scope {
    origin: Origin,
    call: Option<CallKey>,
    run: Option<Arc<Shared>>,
}

/// What all branches of a run share.
struct Shared {
    events: Arc<dyn EventSink>,
    drain: CancellationToken,
    steering: Steering,
}

impl Scope {
    /// Makes the scope of a run. Once `drain` is cancelled, calls that were not sent are not sent any more.
    pub fn new(run: RunId, events: Arc<dyn EventSink>, drain: CancellationToken) -> Self {
        Self {
            origin: Origin {
                run,
                ..Origin::default()
            },
            call: None,
            run: Some(Arc::new(Shared {
                events,
                drain,
                steering: Steering::default(),
            })),
        }
    }

    /// Makes the scope of a run that can be changed while it is under way.
    #[must_use]
    pub fn steered(self, steering: Steering) -> Self {
        let run = self.run.map(|it| {
            Arc::new(Shared {
                events: Arc::clone(&it.events),
                drain: it.drain.clone(),
                steering,
            })
        });
        Self { run, ..self }
    }

    /// Makes the scope of a branch of the same run.
    #[must_use]
    pub fn branch(&self, branch: BranchId) -> Self {
        Self {
            origin: Origin {
                branch,
                ..self.origin
            },
            call: None,
            run: self.run.clone(),
        }
    }

    /// Makes the scope of what is done for one call, under this key: to name it, and not to find anything by
    /// it. What is asked may differ by then, as in an attempt with more room for the answer.
    #[must_use]
    pub fn for_call(&self, key: CallKey) -> Self {
        Self {
            call: Some(key),
            ..self.clone()
        }
    }

    /// Returns the key of the call, if somebody has made it.
    pub fn call(&self) -> Option<CallKey> {
        self.call
    }

    /// Returns the run and the branch.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Tells what happened.
    pub fn emit(&self, event: Event) {
        if let Some(run) = &self.run {
            run.events.emit(event);
        }
    }

    /// Returns whether the run is being ended, so that nothing new should begin.
    pub fn is_draining(&self) -> bool {
        self.run.as_ref().is_some_and(|it| it.drain.is_cancelled())
    }

    /// Returns what is changed of the run while it is under way; `None` if it belongs to no run.
    pub fn steering(&self) -> Option<&Steering> {
        self.run.as_ref().map(|it| &it.steering)
    }

    /// Waits until the run is being ended; forever, if it never is.
    pub async fn draining(&self) {
        match &self.run {
            Some(run) => run.drain.cancelled().await,
            None => std::future::pending().await,
        }
    }
}

/// Tells who is told of the run. So a run within a branch is told of where that branch is.
impl EventSink for Scope {
    fn emit(&self, event: Event) {
        Self::emit(self, event);
    }
}

/// The scope of a branch of which nobody is told.
impl From<Origin> for Scope {
    fn from(origin: Origin) -> Self {
        Self {
            origin,
            call: None,
            run: None,
        }
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.origin == other.origin
    }
}

impl Eq for Scope {}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.origin.fmt(f)
    }
}
