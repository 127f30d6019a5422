//! Bounds the time of one attempt, from the first byte sent to the last byte read, and tells it.

use std::time::Duration;

use patterns_core::{
    BoxFuture, Event, Layer, Model, ModelError, ModelErrorKind, ModelId, Request, Response, Usage,
};
use tokio::time::Instant;

/// Bounds the time of every attempt.
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer {
    limit: Duration,
}

impl TimeoutLayer {
    /// Makes the layer.
    pub fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl<M: Model> Layer<M> for TimeoutLayer {
    type Model = Timeout<M>;

    fn layer(&self, inner: M) -> Timeout<M> {
        Timeout {
            inner,
            limit: self.limit,
        }
    }
}

/// A model whose attempts are dropped when their time is up; made by [`TimeoutLayer`].
///
/// The error bills one attempt: the provider may have worked on it, and charged for it.
#[derive(Clone, Debug)]
pub struct Timeout<M> {
    inner: M,
    limit: Duration,
}

impl<M: Model> Timeout<M> {
    async fn attempt(&self, request: &Request) -> Result<Response, ModelError> {
        let sent = Instant::now();
        let attempt = tokio::time::timeout(self.limit, self.inner.generate(request));
        let result = attempt.await.unwrap_or_else(|elapsed| {
            Err(ModelError::new(ModelErrorKind::Timeout)
                .with_detail(format!("no complete answer within {:?}", self.limit))
                .with_usage(Usage {
                    calls: 1,
                    attempts: 1,
                    ..Usage::default()
                })
                .with_source(elapsed))
        });
        request.scope.emit(Event::AttemptEnded {
            origin: request.scope.origin(),
            took: sent.elapsed(),
            error: result.as_ref().err().map(ToString::to_string),
        });
        result
    }
}

impl<M: Model> Model for Timeout<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.attempt(request))
    }

    fn disown(&self, request: &Request) {
        self.inner.disown(request);
    }
}
