//! The handle to a store: finds answers, keeps them, and knows what runs have cost.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use patterns_core::{CallKey, Event, Usage};
use rusqlite::{Connection, OptionalExtension, Row};
use tokio::sync::oneshot;

use crate::accounts::Accounts;
use crate::connection::{self, Durability};
use crate::error::{StoreError, StoreErrorKind};
use crate::known::Known;
use crate::prompts::Prompts;
use crate::record::{ALL_CALLS, Entry, Record, SELECT, set_status, usage_of, usage_sums};
use crate::run_rows::RunRows;
use crate::status::CallStatus;
use crate::writer::{Write, Writer, acknowledged, lock};

/// A durable record of paid calls. Clones share one.
///
/// It is a SQLite database in WAL mode: other processes can read it, and write to it, at the same
/// time. Reading happens in place and takes microseconds; writing is the work of one thread, which
/// commits whatever has come while it was busy with the last commit, so that thousands of calls a
/// second don't wait for a disk each.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    path: Option<PathBuf>,
    // Before `writer`, which waits for its thread when it is dropped.
    reader: Arc<Mutex<Connection>>,
    /// None if it was opened for reading.
    pub(crate) writer: Option<Writer>,
    pub(crate) accounts: Accounts,
    pub(crate) rows: RunRows,
    /// Made when a layer first asks for it.
    known: Mutex<Option<Known>>,
}

/// A connection for several threads, one at a time.
#[derive(Clone)]
struct Shared(Arc<Mutex<Connection>>);

impl From<Connection> for Shared {
    fn from(connection: Connection) -> Self {
        Self(Arc::new(Mutex::new(connection)))
    }
}

impl Store {
    /// Opens a store, made now if there is none: for its owner only, in a folder that is made
    /// likewise.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be made or opened, is something else, or belongs to or can
    /// be written by somebody else.
    pub fn open(path: impl Into<PathBuf>, durability: Durability) -> Result<Self, StoreError> {
        let path = path.into();
        let opened = || {
            let writer = connection::open(&path, durability)?;
            let reader = connection::open(&path, durability)?;
            Self::over(Some(path.clone()), reader.into(), Some(writer.into()))
        };
        opened().map_err(|error: StoreError| error.at(&path))
    }

    /// Opens a store that is there to read it; nothing is written, so the file and its folder may be
    /// read-only. One of an older version is brought up to date first.
    ///
    /// # Errors
    ///
    /// Returns an error as [`open`](Self::open) does, and if there is no such file.
    pub fn open_to_read(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let opened = || {
            let reader = match connection::open_to_read(&path)? {
                Some(reader) => reader,
                None => {
                    drop(connection::open(&path, Durability::Power)?);
                    match connection::open_to_read(&path)? {
                        Some(reader) => reader,
                        None => connection::too_old()?,
                    }
                }
            };
            Self::over(Some(path.clone()), reader.into(), None)
        };
        opened().map_err(|error: StoreError| error.at(&path))
    }

    /// Makes a store that ends with its last handle.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no memory for it.
    pub fn in_memory() -> Result<Self, StoreError> {
        let connection = Shared::from(connection::in_memory()?);
        Self::over(None, connection.clone(), Some(connection))
    }

    fn over(
        path: Option<PathBuf>,
        reader: Shared,
        writer: Option<Shared>,
    ) -> Result<Self, StoreError> {
        let accounts = Accounts::default();
        let rows = RunRows::default();
        let writer = writer.map(|it| Writer::start(it.0, accounts.clone(), rows.clone()));
        Ok(Self(Arc::new(Inner {
            path,
            reader: reader.0,
            writer: writer.transpose()?,
            accounts,
            rows,
            known: Mutex::default(),
        })))
    }

    /// Returns the file.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Returns the recorded answer of a call, with the bill that was paid for it.
    ///
    /// # Errors
    ///
    /// Returns an error if the record cannot be read or is damaged.
    pub fn find(&self, key: &CallKey) -> Result<Option<Record>, StoreError> {
        Ok(self.find_row(key)?.map(|it| it.record))
    }

    /// Returns the same as [`find`](Self::find), with the numbers of its rows.
    pub(crate) fn find_row(&self, key: &CallKey) -> Result<Option<Found>, StoreError> {
        self.read(|connection| {
            // In two steps: SQLite takes from an index what that has, and would compare the key that is
            // asked for with itself. Its pages may be damaged while the rows are not.
            let select = "SELECT id FROM calls WHERE key = ?1 AND status = 0";
            let mut select = connection.prepare_cached(select)?;
            // Not finished before the second is, so that both read in one transaction.
            let mut ids = select.query([key.as_bytes()])?;
            let Some(id) = ids.next()?.map(|row| row.get::<_, i64>(0)) else {
                return Ok(None);
            };
            let id = id?;
            let select = format!("{SELECT} WHERE calls.id = ?1");
            let mut select = connection.prepare_cached(&select)?;
            let mut rows = select.query([id])?;
            match rows.next()?.map(Found::read).transpose()? {
                Some(it) if it.is_answer_to(key) => Ok(Some(it)),
                _ => Err(StoreError::new(
                    StoreErrorKind::Misled,
                    "its index leads to another call than the one that was asked for",
                )),
            }
        })
    }

    /// Returns the same as [`find`](Self::find), without looking into the file for what nobody has
    /// recorded. What another process has recorded a moment ago may be missed.
    pub(crate) fn find_known(&self, key: &CallKey) -> Result<Option<Found>, StoreError> {
        let may_have = {
            let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.is_none() {
                *known = Some(Known::new(self.read(answer_count)?));
            }
            match &mut *known {
                Some(known) => {
                    if known.is_stale() {
                        self.read(|connection| catch_up(connection, known))?;
                    }
                    known.may_have(key)
                }
                None => true,
            }
        };
        if may_have {
            self.find_row(key)
        } else {
            Ok(None)
        }
    }

    /// Makes the index of answers anew, out of the answers themselves.
    pub(crate) async fn mend_index(&self) -> Result<(), StoreError> {
        self.write(|connection| Ok(connection.execute_batch("REINDEX answers")?))
            .await
    }

    /// Records a paid call, and returns when that is safe.
    ///
    /// # Errors
    ///
    /// Returns an error if it could not be recorded; nothing is recorded after that.
    ///
    /// # Cancellation
    ///
    /// The record is kept even if the future is dropped, once it has been polled.
    pub async fn record(&self, record: &Record) -> Result<(), StoreError> {
        self.enter(record.entry()).await.map(drop)
    }

    /// Records a paid call, and returns the number of its row when that is safe.
    pub(crate) async fn enter(&self, entry: Entry) -> Result<i64, StoreError> {
        if let Some(known) = &mut *self.0.known.lock().unwrap_or_else(PoisonError::into_inner) {
            known.add(&entry.key);
        }
        let (ack, done) = oneshot::channel();
        self.send(Write::Call(Box::new(entry), ack));
        acknowledged(done).await.map_err(|error| self.named(error))
    }

    /// Returns when all accounts are safe, as they are now or later.
    pub(crate) async fn keep(self) -> Result<(), StoreError> {
        let (ack, done) = oneshot::channel();
        self.send(Write::Accounts(ack));
        // Whoever waits must not keep the store open.
        let path = self.path().map(Path::to_owned);
        drop(self);
        let kept = acknowledged(done).await.map(drop);
        kept.map_err(|error| path.iter().fold(error, |error, path| error.at(path)))
    }

    /// Says that the recorded answer of a call was of no use, so that it isn't given out again. That
    /// takes effect in its turn, after what was sent to be written before.
    pub fn disown(&self, key: &CallKey) {
        let key = *key;
        self.write_later(move |connection, _| set_status(connection, &key, CallStatus::Disowned));
    }

    /// Keeps something worth noting in a run.
    pub fn note(&self, run: i64, event: &Event) {
        if let Ok(event) = serde_json::to_string(event) {
            self.write_later(move |connection, _| {
                let insert = "INSERT INTO notes (run, event) VALUES (?1, ?2)";
                connection.prepare_cached(insert)?.execute((run, event))?;
                Ok(())
            });
        }
    }

    /// Returns what a run has paid for so far, by the name of the model. Calls that were
    /// [removed](Self::collect_garbage) are in it.
    ///
    /// # Errors
    ///
    /// Returns an error if the record cannot be read.
    pub fn paid(&self, run: i64) -> Result<Vec<(String, Usage)>, StoreError> {
        let select = format!(
            "SELECT name, {} FROM ({ALL_CALLS}) JOIN models ON models.id = model WHERE run = ?1 \
             GROUP BY name ORDER BY name",
            usage_sums()
        );
        self.read(|connection| {
            let mut select = connection.prepare_cached(&select)?;
            let rows = select.query_map([run], |row| Ok((row.get(0)?, usage_of(row, 1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns what tells this store from all others.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn id(&self) -> Result<[u8; 16], StoreError> {
        self.read(|connection| {
            let select = "SELECT id FROM identity LIMIT 1";
            Ok(connection.query_row(select, [], |row| row.get(0))?)
        })
    }

    /// Returns when everything that was to be written before is safe.
    ///
    /// # Errors
    ///
    /// Returns an error if any of it is not.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.write(|_| Ok(())).await
    }

    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        read(&lock(&self.0.reader)).map_err(|error| self.named(error))
    }

    /// Has something written in its turn, and waits for it.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_with(|connection, _| write(connection)).await
    }

    /// Has something written in its turn that may have prompts in it, and waits for it.
    pub(crate) async fn write_with<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection, &mut Prompts) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (ack, done) = oneshot::channel();
        let (give, take) = oneshot::channel();
        let other = move |connection: &Connection, prompts: &mut Prompts| {
            let _ = give.send(write(connection, prompts)?);
            Ok(())
        };
        self.send(Write::Other(Box::new(other), ack));
        let written = acknowledged(done).await;
        written.map_err(|error| self.named(error))?;
        take.await.map_err(|_| {
            let detail = "the thread that writes has ended";
            StoreError::new(crate::StoreErrorKind::Io, detail)
        })
    }

    /// Has something written in its turn; nobody waits.
    pub(crate) fn write_later(
        &self,
        write: impl FnOnce(&Connection, &mut Prompts) -> Result<(), StoreError> + Send + 'static,
    ) {
        self.send(Write::Later(Box::new(write)));
    }

    fn send(&self, write: Write) {
        // Without a writer the acknowledgement is dropped, which tells.
        if let Some(writer) = &self.0.writer {
            writer.send(write);
        }
    }

    fn named(&self, error: StoreError) -> StoreError {
        match self.path() {
            Some(path) => error.at(path),
            None => error,
        }
    }
}

/// A recorded answer, and where it is.
pub(crate) struct Found {
    pub(crate) record: Record,
    /// The number of its row.
    pub(crate) id: i64,
    /// Whether it is known what was asked.
    pub(crate) has_prompt: bool,
}

impl Found {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            record: Record::read(row)?,
            id: row.get(11)?,
            has_prompt: row.get::<_, Option<i64>>(12)?.is_some(),
        })
    }

    fn is_answer_to(&self, key: &CallKey) -> bool {
        self.record.key == *key && self.record.status == CallStatus::Answered
    }
}

fn answer_count(connection: &Connection) -> Result<u64, StoreError> {
    let select = "SELECT count(*) FROM calls WHERE status = 0";
    let count: i64 = connection.query_row(select, [], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// Adds the keys of calls that were recorded since the last time.
fn catch_up(connection: &Connection, known: &mut Known) -> Result<(), StoreError> {
    let select = "SELECT id, key FROM calls WHERE id > ?1 AND status = 0 ORDER BY id";
    let mut select = connection.prepare_cached(select)?;
    let mut rows = select.query([known.last])?;
    while let Some(row) = rows.next()? {
        known.last = row.get(0)?;
        if let Ok(key) = row.get_ref(1)?.as_blob().unwrap_or_default().try_into() {
            known.add(&CallKey::from_bytes(key));
        }
    }
    Ok(())
}

/// Reads one row, if there is one.
pub(crate) fn optional<T>(row: rusqlite::Result<T>) -> Result<Option<T>, StoreError> {
    Ok(row.optional()?)
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}
