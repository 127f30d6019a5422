//! The one place that orders the layers around an adapter.
//! A test beside this file pins the order.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{Layer, Model};

use super::step_down::{Ladder, StepDownLayer};
use super::window::WindowLayer;
use super::{
    Beginnings, BudgetLayer, HedgeLayer, HedgePolicy, PaceLayer, PrimeLayer, RetryLayer,
    RetryPolicy, SingleFlightLayer, TimeoutLayer, TraceLayer,
};
use crate::first_tokens::FirstTokens;
use crate::pace::Pool;

/// The behaviours that every network model gets.
pub(crate) struct Stack {
    /// Tokens that the model reads and writes at most in one call, if that is known.
    pub(crate) window: Option<u64>,
    pub(crate) is_priming: bool,
    pub(crate) first_tokens: Arc<FirstTokens>,
    pub(crate) beginnings: Arc<Beginnings>,
    pub(crate) retry: RetryPolicy,
    pub(crate) hedge: Option<HedgePolicy>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) ladder: Arc<Ladder>,
    pub(crate) budget: BudgetLayer,
    pub(crate) timeout: Duration,
    pub(crate) seed: u64,
}

impl Stack {
    /// Wraps an adapter: single flight ► window ► prime ► retry ► step down ► pace ► hedge ► budget ► trace ►
    /// timeout ► adapter.
    ///
    /// Single flight is outermost, since what is not sent needs nothing else; what is too long to be
    /// sent is known before anything waits. Prime is outside retry,
    /// since what waits there must hold nothing.
    /// Retry is outside, so that a back-off holds no slot of the pool, and each attempt has its own
    /// clock and its own span and waits its turn like any other. No clock runs in the queue. Hedge
    /// is inside pace for that reason, too, and its second try asks the pool by itself. Budget
    /// is inside all that repeats, so that each attempt reserves for itself, and inside pace, so
    /// that nothing is reserved for a call that waits. Trace is outside timeout, so that its span
    /// says how an attempt that ran out of time ended.
    pub(crate) fn around(self, adapter: impl Model + 'static) -> Arc<dyn Model> {
        let retry = RetryLayer::new(self.retry, self.seed).pool(Arc::clone(&self.pool));
        let pace = PaceLayer::new(Arc::clone(&self.pool));
        let hedge = HedgeLayer::new(self.hedge, self.pool);
        let timed = TimeoutLayer::new(self.timeout).layer(adapter);
        let budgeted = self.budget.layer(TraceLayer.layer(timed));
        let paced = pace.layer(hedge.layer(budgeted));
        let stepping = StepDownLayer::new(self.ladder).layer(paced);
        let primed = PrimeLayer::new(self.is_priming).first_tokens(self.first_tokens);
        let primed = primed.beginnings(self.beginnings);
        let primed = primed.layer(retry.layer(stepping));
        Arc::new(SingleFlightLayer.layer(WindowLayer::new(self.window).layer(primed)))
    }
}

#[cfg(test)]
mod tests;
