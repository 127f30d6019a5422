//! Keeps the budget of a run in the store: what may be spent is committed before it is sent.

use std::fmt;
use std::sync::{Arc, Weak};

use patterns_core::{BoxFuture, Budget, Journal, ModelError};

use crate::error::not_recorded;
use crate::store::{Inner, Store};

impl Store {
    /// Keeps what a run spends from now on: every reservation of its budget, before it is used. Add
    /// what earlier sessions have spent first.
    pub fn keep_account(&self, run: i64, budget: &Budget) {
        self.0.accounts.add(run, budget.clone());
        budget.keep_in(Arc::new(Keeper(Arc::downgrade(&self.0))));
    }
}

/// The journal of a budget. The store knows the budget, so the budget must not keep the store.
struct Keeper(Weak<Inner>);

impl Journal for Keeper {
    fn keep(&self) -> BoxFuture<'_, Result<(), ModelError>> {
        Box::pin(async {
            match self.0.upgrade() {
                Some(inner) => Store(inner).keep().await.map_err(not_recorded),
                None => Err(ModelError::new(patterns_core::ModelErrorKind::NotRecorded)
                    .with_detail("the store is closed")),
            }
        })
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}
