//! The right to make a call, which one process has at a time: the others wait for its answer.
//!
//! It is an advisory lock of Postgres, held by a connection that this process has for nothing else. So it ends
//! with the process, however that ends, and with the connection; there is no clock in it and no heartbeat. Who
//! loses the connection in the middle of a call loses the lease, too: then another process may make the same
//! call, and the first answer counts.
//!
//! What a dropped future gives back is given back by a call that is under way, else with the next question: nobody
//! can wait while something is dropped.

use std::sync::{Arc, Mutex, PoisonError};

use patterns_core::CallKey;
use sqlx::postgres::{PgArguments, PgConnectOptions};
use sqlx::query::QueryScalar;
use sqlx::{Connection, PgConnection, Postgres};
use tokio::sync::Notify;

use crate::shared_store::in_time;

/// The leases of this process.
pub(crate) struct Leases {
    options: PgConnectOptions,
    holder: tokio::sync::Mutex<Holder>,
    returned: Returned,
}

/// The connection that holds the locks.
struct Holder {
    connection: Option<PgConnection>,
    /// Which connection it is: locks of an earlier one are gone with it.
    number: u64,
}

/// Locks to be given back, with the connections that hold them.
type Returned = Arc<ReturnedLocks>;

#[derive(Debug, Default)]
struct ReturnedLocks {
    locks: Mutex<Vec<(u64, i64)>>,
    /// Tells one of those who have the time.
    came: Notify,
}

/// The right to make a call, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    /// Which connection holds it; `None` if it was not given.
    connection: Option<u64>,
    lock: i64,
    returned: Returned,
}

impl Leases {
    /// Makes them, over a connection that is there already.
    pub(crate) fn new(options: PgConnectOptions, connection: Option<PgConnection>) -> Self {
        let holder = Holder {
            connection,
            number: 0,
        };
        Self {
            options,
            holder: tokio::sync::Mutex::new(holder),
            returned: Returned::default(),
        }
    }

    /// Takes the lease of a call, if no other process has it. This process is given it more than once: equal
    /// calls of one process are made once anyway.
    pub(crate) async fn try_take(&self, key: &CallKey) -> Result<Option<Lease>, sqlx::Error> {
        let lock = lock_of(key);
        let mut holder = self.holder.lock().await;
        self.give_back_in(&mut holder).await?;
        let number = holder.number;
        // Before it is taken: if this future is dropped meanwhile, nobody else would give it back.
        let lease = Lease {
            connection: Some(number),
            lock,
            returned: Arc::clone(&self.returned),
        };
        let asking = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(lock);
        let taken = holder.ask(asking).await;
        if !matches!(taken, Ok(true)) {
            lease.forget();
            return taken.map(|_| None);
        }
        Ok(Some(lease))
    }

    /// Waits until something is dropped.
    pub(crate) async fn dropped(&self) {
        self.returned.came.notified().await;
    }

    /// Gives back what was dropped.
    pub(crate) async fn give_back(&self) -> Result<(), sqlx::Error> {
        let mut holder = self.holder.lock().await;
        self.give_back_in(&mut holder).await
    }

    async fn give_back_in(&self, holder: &mut Holder) -> Result<(), sqlx::Error> {
        if holder.connection.is_none() {
            let connecting = PgConnection::connect_with(&self.options);
            holder.connection = Some(in_time(connecting).await?);
        }
        let returned = locked(&self.returned.locks).clone();
        let held = returned.iter().filter(|it| it.0 == holder.number);
        let held: Vec<i64> = held.map(|it| it.1).collect();
        if !held.is_empty() {
            let sql = "SELECT bool_and(pg_advisory_unlock(lock)) FROM unnest($1) AS lock";
            holder.ask(sqlx::query_scalar(sql).bind(held)).await?;
        }
        // More may have come meanwhile, at the end.
        locked(&self.returned.locks).drain(..returned.len());
        Ok(())
    }
}

impl Holder {
    /// Asks about locks. After an error nobody knows what the connection holds, so it is closed.
    async fn ask(
        &mut self,
        asking: QueryScalar<'_, Postgres, bool, PgArguments>,
    ) -> Result<bool, sqlx::Error> {
        let Some(connection) = &mut self.connection else {
            return Err(sqlx::Error::WorkerCrashed);
        };
        let answer = in_time(asking.fetch_one(connection)).await;
        if answer.is_err() {
            self.connection = None;
            self.number += 1;
        }
        answer
    }
}

impl Lease {
    /// Ends a lease that was not given.
    fn forget(mut self) {
        self.connection = None;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection {
            locked(&self.returned.locks).push((connection, self.lock));
            self.returned.came.notify_one();
        }
    }
}

/// Returns the number of the lock of a call: a part of its digest. Two calls with the same number wait for each
/// other, and nothing worse.
fn lock_of(key: &CallKey) -> i64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&key.as_bytes()[..8]);
    i64::from_le_bytes(bytes)
}

/// Locks what no panic leaves half done.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(returned: &Returned) -> Lease {
        Lease {
            connection: Some(3),
            lock: 7,
            returned: Arc::clone(returned),
        }
    }

    #[test]
    fn what_is_dropped_is_given_back_and_what_was_not_given_is_not() {
        let returned = Returned::default();
        lease(&returned).forget();
        assert_eq!(*locked(&returned.locks), []);
        drop(lease(&returned));
        assert_eq!(*locked(&returned.locks), [(3, 7)]);
    }

    /// A call may take minutes, and nobody else in this process may ask anything meanwhile.
    #[tokio::test]
    async fn who_makes_a_call_is_told_of_a_lease_that_was_dropped_meanwhile() {
        let leases = Leases::new(PgConnectOptions::new(), None);
        let making = std::future::ready(());
        tokio::select! {
            biased;
            () = leases.dropped() => panic!("none was dropped"),
            () = making => {}
        }
        drop(lease(&leases.returned));
        tokio::select! {
            biased;
            () = leases.dropped() => {}
            () = std::future::ready(()) => panic!("nobody is told"),
        }
    }
}
