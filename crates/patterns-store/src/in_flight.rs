//! Which runs have calls under way: counted in memory, and written with whatever is committed next, so
//! that after a kill it is known how many calls have no record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use crate::error::StoreError;

/// Calls under way, by run.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight(Arc<Mutex<BTreeMap<i64, Count>>>);

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    now: i64,
    /// What was written last.
    written: i64,
}

impl InFlight {
    /// Counts one call until the guard is dropped. The second value says whether it is the first of
    /// its run.
    pub(crate) fn enter(&self, run: i64) -> (UnderWay, bool) {
        let mut counts = self.lock();
        let is_first = !counts.contains_key(&run);
        counts.entry(run).or_default().now += 1;
        let counts = self.clone();
        (UnderWay { counts, run }, is_first)
    }

    /// Writes what has changed since the last time.
    pub(crate) fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        for (run, count) in self.lock().iter_mut() {
            if count.now != count.written {
                let update = "UPDATE runs SET in_flight = ?2 WHERE id = ?1";
                let mut update = connection.prepare_cached(update)?;
                update.execute((*run, count.now))?;
                // If the commit fails, the store is broken and nothing is written after it.
                count.written = count.now;
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call under way.
#[derive(Debug)]
pub(crate) struct UnderWay {
    counts: InFlight,
    run: i64,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(count) = self.counts.lock().get_mut(&self.run) {
            count.now -= 1;
        }
    }
}
