//! The one place that orders the layers around an adapter.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{EventSink, Layer, Model};
use tokio_util::sync::CancellationToken;

use super::{PaceLayer, RetryLayer, RetryPolicy, TimeoutLayer, TraceLayer};
use crate::pace::Pool;

/// The behaviours that every network model gets.
pub(crate) struct Stack {
    pub(crate) retry: RetryPolicy,
    pub(crate) pool: Arc<Pool>,
    pub(crate) timeout: Duration,
    pub(crate) drain: CancellationToken,
    pub(crate) events: Arc<dyn EventSink>,
    pub(crate) seed: u64,
}

impl Stack {
    /// Wraps an adapter: retry ► pace ► trace ► timeout ► adapter.
    ///
    /// Retry is outside, so that a back-off holds no slot of the pool, and each attempt has its own
    /// clock and its own span and waits its turn like any other. No clock runs in the queue. Trace is outside timeout, so that its span says how
    /// an attempt that ran out of time ended.
    pub(crate) fn around(self, adapter: impl Model + 'static) -> Arc<dyn Model> {
        let retry = RetryLayer::new(self.retry, self.seed)
            .events(Arc::clone(&self.events))
            .pool(Arc::clone(&self.pool))
            .drain(self.drain.clone());
        let pace = PaceLayer::new(self.pool)
            .events(self.events)
            .drain(self.drain);
        let timed = TimeoutLayer::new(self.timeout).layer(adapter);
        Arc::new(retry.layer(pace.layer(TraceLayer.layer(timed))))
    }
}

#[cfg(test)]
mod tests;
