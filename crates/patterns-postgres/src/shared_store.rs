//! The handle to a shared store: finds answers, keeps them, and says who may make a call.
//!
//! An answer that cannot be written is not lost: whoever asked gets it, and the store of its own process has it.
//! It waits here to be written, and until that is done nothing more is asked: what cannot be written would be
//! paid for again by all others.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use patterns_core::{CallKey, Event, Response, Scope, Warning};
use patterns_store::Record;
use sqlx::postgres::{PgPoolOptions, PgRow};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::timeout;

use crate::address::Address;
use crate::error::{SharedError, SharedErrorKind};
use crate::lease::{Lease, Leases, locked};
use crate::outage::Outage;
use crate::versions::migrate;
use crate::{queries, row};

/// Connections of a process, besides the one that holds its leases. A question takes a fraction of a
/// millisecond, and a server has a hundred connections by default.
const CONNECTIONS: u32 = 4;

/// How long a question or a connection may take.
const TIME: Duration = Duration::from_secs(10);

/// A record of paid calls in a Postgres database, which any number of processes share. Clones share one.
#[derive(Clone)]
pub struct SharedStore(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) shown: String,
    pub(crate) pool: PgPool,
    address: Address,
    leases: Leases,
    outage: Outage,
    /// Answers of no use that the database was not told of yet.
    disowned: Mutex<Vec<CallKey>>,
    /// Paid calls that could not be written yet, and whether they take the place of others.
    waiting: Mutex<Vec<(Record, bool)>>,
}

impl SharedStore {
    /// Opens a shared store, whose tables are made if they are missing. The address is as `psql` takes it; what
    /// it does not say is taken from the same variables and files.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be reached, belongs to a newer version or cannot be written to.
    pub async fn open(url: &str) -> Result<Self, SharedError> {
        Self::opened(url, true).await
    }

    /// Opens a shared store that is there, to read it.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be reached, or is none of this version.
    pub async fn open_to_read(url: &str) -> Result<Self, SharedError> {
        Self::opened(url, false).await
    }

    async fn opened(url: &str, may_write: bool) -> Result<Self, SharedError> {
        let address = Address::read(url)?;
        let shown = address.shown.clone();
        let said = |error| SharedError::of(&shown, &error);
        let connecting = PgConnection::connect_with(&address.options);
        let mut connection = in_time(connecting).await.map_err(said)?;
        migrate(&mut connection, &shown, may_write).await?;
        if may_write {
            check_writable(&mut connection, &shown).await?;
        }
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(TIME)
            .connect_lazy_with(address.options.clone());
        Ok(Self(Arc::new(Inner {
            leases: Leases::new(address.options.clone(), Some(connection)),
            shown,
            pool,
            address,
            outage: Outage::default(),
            disowned: Mutex::default(),
            waiting: Mutex::default(),
        })))
    }

    /// Returns the address as it may be shown: without a password.
    pub fn shown(&self) -> &str {
        &self.0.shown
    }

    /// Returns the recorded answer of a call, with the bill that was paid for it; its `run` is its payer.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read or is damaged.
    pub async fn find(&self, key: &CallKey) -> Result<Option<Record>, SharedError> {
        self.find_for(key, &Scope::default()).await
    }

    pub(crate) async fn find_for(
        &self,
        key: &CallKey,
        scope: &Scope,
    ) -> Result<Option<Record>, SharedError> {
        let found = self.waited_out(scope, || self.find_now(key)).await?;
        found.map(|it| row::read(&it, self.shown())).transpose()
    }

    /// Records a paid call, unless there is an answer already: then that one counts, is given back, and this one
    /// is kept for its cost. If `takes_place`, this one counts.
    ///
    /// # Errors
    ///
    /// Returns an error if it could not be recorded.
    ///
    /// # Cancellation
    ///
    /// If the future is dropped, nobody knows whether it is recorded.
    pub async fn record(
        &self,
        record: &Record,
        takes_place: bool,
    ) -> Result<Option<Response>, SharedError> {
        self.record_for(record, takes_place, &Scope::default())
            .await
    }

    pub(crate) async fn record_for(
        &self,
        record: &Record,
        takes_place: bool,
        scope: &Scope,
    ) -> Result<Option<Response>, SharedError> {
        let first = match takes_place {
            true => self.waited_out(scope, || self.replace_now(record)).await?,
            false => self.waited_out(scope, || self.record_now(record)).await?,
        };
        let first = first.map(|it| row::read(&it, self.shown())).transpose()?;
        Ok(first.map(|it| it.response))
    }

    /// Says that the answer of a call was of no use. The database is told with the next question, or by
    /// [`settle`](Self::settle).
    pub fn disown(&self, key: &CallKey) {
        locked(&self.0.disowned).push(*key);
    }

    /// Tells the database what it was not told yet, as far as that is possible at once. Returns how many paid
    /// calls it does not know, and why, if there are any.
    pub async fn settle(&self) -> Option<(usize, SharedError)> {
        // What is not told is told by who asks next: the answer is rejected again.
        let _ = self.tell_disowned().await;
        let _ = self.0.leases.give_back().await;
        let error = self.write_waiting().await.err()?;
        Some((locked(&self.0.waiting).len(), error))
    }

    /// Keeps a paid call until it can be written.
    pub(crate) fn wait_with(&self, record: Record, takes_place: bool) {
        locked(&self.0.waiting).push((record, takes_place));
    }

    /// Writes what waits to be written. It is not waited for here, because nothing was asked yet.
    pub(crate) async fn write_waiting(&self) -> Result<(), SharedError> {
        loop {
            let next = locked(&self.0.waiting).last().cloned();
            let Some((record, takes_place)) = next else {
                return Ok(());
            };
            let written = match takes_place {
                true => self.replace_now(&record).await,
                false => self.record_now(&record).await,
            };
            written.map_err(|error| SharedError::of(self.shown(), &error))?;
            // Somebody else may have written it at the same time.
            locked(&self.0.waiting).retain(|it| it.0 != record);
        }
    }

    /// Takes the right to make a call, if no other process has it.
    pub(crate) async fn try_take(
        &self,
        key: &CallKey,
        scope: &Scope,
    ) -> Result<Option<Lease>, SharedError> {
        self.waited_out(scope, || self.0.leases.try_take(key)).await
    }

    /// Gives back the right to make calls that are dropped, or other processes would wait for them until something
    /// is asked here. It never ends; drop it to end it.
    pub async fn keep_giving_back(&self) -> Infallible {
        loop {
            self.0.leases.dropped().await;
            self.give_back().await;
        }
    }

    /// Gives back what was dropped; as far as that is possible at once.
    pub(crate) async fn give_back(&self) {
        // A connection that is lost has none of it.
        let _ = self.0.leases.give_back().await;
    }

    /// Does something until the database is there, and no longer than it is waited for.
    async fn waited_out<T, F>(
        &self,
        scope: &Scope,
        attempt: impl FnMut() -> F,
    ) -> Result<T, SharedError>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        let tell = |_: &sqlx::Error| {
            let words = format!(
                "{} does not answer; it is waited for, a minute at most",
                self.shown()
            );
            scope.emit(Event::WarningRaised {
                run: scope.origin().run,
                warning: Warning::new("shared-store-away", words),
            });
        };
        match self.0.outage.waited_out(tell, attempt).await {
            Ok(done) => Ok(done),
            Err(sqlx::Error::PoolTimedOut) => Err(self.why().await),
            Err(error) => Err(SharedError::of(self.shown(), &error)),
        }
    }

    /// Finds out why no connection is to be had, which the pool does not say.
    async fn why(&self) -> SharedError {
        let connecting = PgConnection::connect_with(&self.0.address.options);
        let error = in_time(connecting).await.err();
        SharedError::of(self.shown(), &error.unwrap_or(sqlx::Error::PoolTimedOut))
    }

    async fn find_now(&self, key: &CallKey) -> Result<Option<PgRow>, sqlx::Error> {
        self.tell_disowned().await?;
        in_time(queries::find(&self.0.pool, key)).await
    }

    async fn record_now(&self, record: &Record) -> Result<Option<PgRow>, sqlx::Error> {
        self.tell_disowned().await?;
        in_time(queries::record(&self.0.pool, record, self.shown())).await
    }

    async fn replace_now(&self, record: &Record) -> Result<Option<PgRow>, sqlx::Error> {
        self.tell_disowned().await?;
        in_time(queries::replace(&self.0.pool, record)).await?;
        Ok(None)
    }

    async fn tell_disowned(&self) -> Result<(), sqlx::Error> {
        let keys = locked(&self.0.disowned).clone();
        if keys.is_empty() {
            return Ok(());
        }
        in_time(queries::disown(&self.0.pool, &keys)).await?;
        // More may have come meanwhile; what was told twice is told again, which changes nothing.
        locked(&self.0.disowned).retain(|it| !keys.contains(it));
        Ok(())
    }
}

/// Checks that answers can be written, before any is paid for.
async fn check_writable(connection: &mut PgConnection, shown: &str) -> Result<(), SharedError> {
    let select = "SELECT has_table_privilege('patterns_calls', 'INSERT') \
        AND has_table_privilege('patterns_calls', 'UPDATE'), \
        pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean";
    let found: (bool, bool) = sqlx::query_as(select)
        .fetch_one(connection)
        .await
        .map_err(|error| SharedError::of(shown, &error))?;
    let why = match found {
        (_, true) => "it is a standby, or set to be read only",
        (false, false) => "this user has no right to INSERT and UPDATE in patterns_calls",
        (true, false) => return Ok(()),
    };
    let words = format!("{shown}: it cannot be written to: {why}");
    Err(SharedError::new(SharedErrorKind::ReadOnly, words))
}

/// Does something that must not take long: a connection that nobody answers any more is none.
pub(crate) async fn in_time<T>(
    doing: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let done = timeout(TIME, doing).await;
    done.unwrap_or_else(|_| {
        let words = format!("no answer within {} s", TIME.as_secs());
        let error = std::io::Error::new(std::io::ErrorKind::TimedOut, words);
        Err(sqlx::Error::Io(error))
    })
}

impl fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedStore").field(&self.shown()).finish()
    }
}
