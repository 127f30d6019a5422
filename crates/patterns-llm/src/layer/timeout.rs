//! Bounds the time of one attempt, from the first byte sent to the last byte read.

use std::time::Duration;

use patterns_core::{
    BoxFuture, Layer, Model, ModelError, ModelErrorKind, ModelId, Request, Response, Usage,
};

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

impl<M: Model> Model for Timeout<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let attempt = self.inner.generate(request);
            match tokio::time::timeout(self.limit, attempt).await {
                Ok(result) => result,
                Err(elapsed) => Err(ModelError::new(ModelErrorKind::Timeout)
                    .with_detail(format!("no complete answer within {:?}", self.limit))
                    .with_usage(Usage {
                        calls: 1,
                        attempts: 1,
                        ..Usage::default()
                    })
                    .with_source(elapsed)),
            }
        })
    }
}
