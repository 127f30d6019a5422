//! The right to make a call, which one process has at a time: the others wait for its answer.
//!
//! It is an advisory lock of Postgres, held by a connection that this process has for nothing else. So it ends
//! with the process, however that ends, and with the connection; there is no clock in it and no heartbeat. Who
//! loses the connection in the middle of a call loses the lease, too: then another process may make the same
//! call, and the first answer counts.
//!
//! What a dropped future gives back is given back by whoever [keeps giving back](crate::SharedStore::keep_giving_back),
//! else with the next question: nobody can wait while something is dropped. That may be cut short, and is done
//! again then, since nobody knows what the server has read of it. So the server has each lock from a process once,
//! however many calls of the process share it: to unlock twice what is locked twice would take it from who holds it.

use std::collections::HashMap;
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
    held: Arc<Held>,
}

/// The connection that holds the locks.
struct Holder {
    connection: Option<PgConnection>,
    /// Which connection it is: locks of an earlier one are gone with it.
    number: u64,
}

/// Which connection holds which lock.
type Lock = (u64, i64);

/// The locks that are held, with the number of leases that share each: none, if it is to be given back.
#[derive(Debug, Default)]
struct Held {
    locks: Mutex<HashMap<Lock, usize>>,
    /// Tells one of those who have the time that something is to be given back.
    came: Notify,
}

/// The right to make a call, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    lock: Lock,
    held: Arc<Held>,
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
            held: Arc::default(),
        }
    }

    /// Takes the lease of a call, if no other process has it. This process is given it more than once: equal
    /// calls of one process are made once anyway.
    pub(crate) async fn try_take(&self, key: &CallKey) -> Result<Option<Lease>, sqlx::Error> {
        let mut holder = self.holder.lock().await;
        self.give_back_in(&mut holder).await?;
        let lock = (holder.number, lock_of(key));
        // Before it is taken: if this future is dropped meanwhile, nobody else would give it back.
        let (lease, is_held) = Lease::of(lock, &self.held);
        if is_held {
            return Ok(Some(lease));
        }
        let asking = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(lock.1);
        let taken = holder.ask(asking).await;
        if !matches!(taken, Ok(true)) {
            // Nothing is there to be given back.
            locked(&self.held.locks).remove(&lock);
            return taken.map(|_| None);
        }
        Ok(Some(lease))
    }

    /// Waits until something is dropped.
    pub(crate) async fn dropped(&self) {
        self.held.came.notified().await;
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
        let returned = self.held.returned(holder.number);
        if !returned.is_empty() {
            let locks: Vec<i64> = returned.iter().map(|it| it.1).collect();
            let sql = "SELECT bool_and(pg_advisory_unlock(lock)) FROM unnest($1) AS lock";
            holder.ask(sqlx::query_scalar(sql).bind(locks)).await?;
        }
        // Nobody has taken one of them meanwhile, which takes the holder.
        let mut locks = locked(&self.held.locks);
        locks.retain(|lock, _| !returned.contains(lock));
        Ok(())
    }
}

impl Held {
    /// Returns what a connection is to give back.
    fn returned(&self, connection: u64) -> Vec<Lock> {
        let mut locks = locked(&self.locks);
        locks.retain(|lock, leases| lock.0 == connection || *leases > 0);
        let returned = locks.iter().filter(|it| *it.1 == 0);
        returned.map(|it| *it.0).collect()
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
    /// Makes one, and says whether its lock is held already.
    fn of(lock: Lock, held: &Arc<Held>) -> (Self, bool) {
        let mut locks = locked(&held.locks);
        let is_held = locks.contains_key(&lock);
        *locks.entry(lock).or_default() += 1;
        let held = Arc::clone(held);
        (Self { lock, held }, is_held)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut locks = locked(&self.held.locks);
        let Some(leases) = locks.get_mut(&self.lock) else {
            return;
        };
        *leases -= 1;
        if *leases == 0 {
            self.held.came.notify_one();
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

    const LOCK: Lock = (3, 7);

    #[test]
    fn a_lock_is_given_back_once_by_the_last_of_those_who_share_it() {
        let held = Arc::<Held>::default();
        let (one, was_held) = Lease::of(LOCK, &held);
        let (other, is_held) = Lease::of(LOCK, &held);
        assert_eq!((was_held, is_held), (false, true));
        drop(one);
        assert_eq!(held.returned(LOCK.0), []);
        drop(other);
        // Until that is done, it may have to be done again.
        assert_eq!(held.returned(LOCK.0), [LOCK]);
        assert_eq!(held.returned(LOCK.0), [LOCK]);
        // Who takes it before that keeps it.
        let (_one, is_held) = Lease::of(LOCK, &held);
        assert!(is_held);
        assert_eq!(held.returned(LOCK.0), []);
    }

    #[test]
    fn what_a_lost_connection_held_is_not_given_back() {
        let held = Arc::<Held>::default();
        let (lease, _) = Lease::of(LOCK, &held);
        assert_eq!(held.returned(LOCK.0 + 1), []);
        drop(lease);
        assert_eq!(held.returned(LOCK.0 + 1), []);
        assert!(locked(&held.locks).is_empty());
    }

    /// A call may take minutes, and nobody else in this process may ask anything meanwhile.
    #[tokio::test]
    async fn who_keeps_giving_back_is_told_of_a_lease_that_was_dropped() {
        let leases = Leases::new(PgConnectOptions::new(), None);
        tokio::select! {
            biased;
            () = leases.dropped() => panic!("none was dropped"),
            () = std::future::ready(()) => {}
        }
        drop(Lease::of(LOCK, &leases.held));
        tokio::select! {
            biased;
            () = leases.dropped() => {}
            () = std::future::ready(()) => panic!("nobody is told"),
        }
    }
}
