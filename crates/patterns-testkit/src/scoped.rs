//! Puts all calls to a model into one scope, so that a test sees what its layers tell and ends them.

use std::sync::Arc;

use patterns_core::{
    BoxFuture, EventSink, Model, ModelError, ModelId, Request, Response, RunId, Scope,
};

/// A model all of whose calls belong to one scope, whatever their own.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::sync::Arc;
/// use patterns_core::{Model, Request};
/// use patterns_testkit::{EventLog, Scoped, ScriptedModel};
///
/// let log = Arc::new(EventLog::default());
/// let model = Scoped::told(ScriptedModel::new(["yes"]), log.clone());
/// model.generate(&Request::default()).await.unwrap();
/// assert!(log.events().is_empty(), "a scripted model has nothing to tell");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Scoped<M> {
    inner: M,
    scope: Scope,
}

impl<M: Model> Scoped<M> {
    /// Takes a model, and what its calls belong to.
    pub fn new(inner: M, scope: Scope) -> Self {
        Self { inner, scope }
    }

    /// Takes a model, and who is told.
    pub fn told(inner: M, events: Arc<dyn EventSink>) -> Self {
        let scope = Scope::new(RunId::default(), events, Default::default());
        Self::new(inner, scope)
    }
}

impl<M: Model> Model for Scoped<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        let scope = self.scope.branch(request.scope.origin().branch);
        let request = Request {
            scope,
            ..request.clone()
        };
        Box::pin(async move { self.inner.generate(&request).await })
    }

    fn disown(&self, request: &Request) {
        self.inner.disown(request);
    }
}
