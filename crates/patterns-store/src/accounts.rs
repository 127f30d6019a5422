//! What runs have spent: read from their budgets, and written with whatever is committed next.
//!
//! A budget is kept *before* an attempt is sent: whoever has reserved waits for a commit, and each
//! commit begins with the accounts. So after a kill the account of a run has all that was sent. It may
//! have what was about to be sent, too: a cap is never too lax, and by that much too strict.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use patterns_core::{Budget, Spent};
use rusqlite::Connection;

use crate::error::StoreError;

/// The budgets of runs that go on, by the number of the run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts(Arc<Mutex<BTreeMap<i64, Account>>>);

#[derive(Debug)]
struct Account {
    budget: Budget,
    /// What was written last.
    written: Option<Spent>,
}

impl Accounts {
    pub(crate) fn add(&self, run: i64, budget: Budget) {
        let account = Account {
            budget,
            written: None,
        };
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(run, account);
    }

    /// Writes what has changed since the last time.
    pub(crate) fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (run, account) in accounts.iter_mut() {
            let spent = account.budget.spent();
            if account.written != Some(spent) {
                set(connection, *run, spent)?;
                // If the commit fails, the store is broken and nothing is written after it.
                account.written = Some(spent);
            }
        }
        Ok(())
    }
}

/// Writes the account of a run.
pub(crate) fn set(connection: &Connection, run: i64, spent: Spent) -> Result<(), StoreError> {
    // Numbers always have a written form.
    let spent = serde_json::to_string(&spent).unwrap_or_default();
    let update = "UPDATE runs SET account = ?2 WHERE id = ?1";
    connection.prepare_cached(update)?.execute((run, spent))?;
    Ok(())
}
