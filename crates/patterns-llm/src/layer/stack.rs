//! The one place that orders the layers around an adapter.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{EventSink, Layer, Model};

use super::step_down::{Ladder, StepDownLayer};
use super::{BudgetLayer, RetryLayer, RetryPolicy, TimeoutLayer, TraceLayer};

/// The behaviours that every network model gets.
pub(crate) struct Stack {
    pub(crate) retry: RetryPolicy,
    pub(crate) ladder: Arc<Ladder>,
    pub(crate) budget: BudgetLayer,
    pub(crate) timeout: Duration,
    pub(crate) events: Arc<dyn EventSink>,
    pub(crate) seed: u64,
}

impl Stack {
    /// Wraps an adapter: retry ► step down ► budget ► trace ► timeout ► adapter.
    ///
    /// Retry is outside, so that each attempt has its own clock and its own span, and no clock runs
    /// while a call waits for its next attempt. Trace is outside timeout, so that its span says how
    /// an attempt that ran out of time ended. Budget is inside retry and step
    /// down, so that each attempt reserves for itself.
    pub(crate) fn around(self, adapter: impl Model + 'static) -> Arc<dyn Model> {
        let retry = RetryLayer::new(self.retry, self.seed).events(self.events);
        let timed = TimeoutLayer::new(self.timeout).layer(adapter);
        let budgeted = self.budget.layer(TraceLayer.layer(timed));
        Arc::new(retry.layer(StepDownLayer::new(self.ladder).layer(budgeted)))
    }
}

#[cfg(test)]
mod tests;
