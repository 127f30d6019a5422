//! The one place that orders the layers around an adapter.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{EventSink, Layer, Model};
use tokio_util::sync::CancellationToken;

use super::step_down::{Ladder, StepDownLayer};
use super::{
    BudgetLayer, PaceLayer, RetryLayer, RetryPolicy, SingleFlightLayer, TimeoutLayer, TraceLayer,
};
use crate::pace::Pool;

/// The behaviours that every network model gets.
pub(crate) struct Stack {
    pub(crate) retry: RetryPolicy,
    pub(crate) pool: Arc<Pool>,
    pub(crate) ladder: Arc<Ladder>,
    pub(crate) budget: BudgetLayer,
    pub(crate) timeout: Duration,
    pub(crate) drain: CancellationToken,
    pub(crate) events: Arc<dyn EventSink>,
    pub(crate) seed: u64,
}

impl Stack {
    /// Wraps an adapter: single flight ► retry ► step down ► pace ► budget ► trace ► timeout ►
    /// adapter.
    ///
    /// Single flight is outermost, since what is not sent needs nothing else.
    /// Retry is outside, so that a back-off holds no slot of the pool, and each attempt has its own
    /// clock and its own span and waits its turn like any other. No clock runs in the queue. Budget
    /// is inside all that repeats, so that each attempt reserves for itself, and inside pace, so
    /// that nothing is reserved for a call that waits. Trace is outside timeout, so that its span
    /// says how an attempt that ran out of time ended.
    pub(crate) fn around(self, adapter: impl Model + 'static) -> Arc<dyn Model> {
        let retry = RetryLayer::new(self.retry, self.seed)
            .events(Arc::clone(&self.events))
            .pool(Arc::clone(&self.pool))
            .drain(self.drain.clone());
        let pace = PaceLayer::new(self.pool)
            .events(self.events)
            .drain(self.drain.clone());
        let timed = TimeoutLayer::new(self.timeout).layer(adapter);
        let budget = self.budget.drain(self.drain);
        let budgeted = budget.layer(TraceLayer.layer(timed));
        let paced = pace.layer(budgeted);
        let stepping = StepDownLayer::new(self.ladder).layer(paced);
        Arc::new(SingleFlightLayer.layer(retry.layer(stepping)))
    }
}

#[cfg(test)]
mod tests;
