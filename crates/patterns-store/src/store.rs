//! The handle to a store: finds answers, keeps them, and knows what runs have cost.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use patterns_core::{CallKey, Event, Usage};
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::oneshot;

use crate::connection::{self, Durability};
use crate::error::StoreError;
use crate::in_flight::{InFlight, UnderWay};
use crate::known::Known;
use crate::record::{Entry, Record, SELECT};
use crate::writer::{Write, Writer, acknowledged, lock};

/// A durable record of paid calls. Clones share one.
///
/// It is a SQLite database in WAL mode: other processes can read it, and write to it, at the same
/// time. Reading happens in place and takes microseconds; writing is the work of one thread, which
/// commits whatever has come while it was busy with the last commit, so that thousands of calls a
/// second don't wait for a disk each.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    path: Option<PathBuf>,
    // Before `writer`, which waits for its thread when it is dropped.
    reader: Arc<Mutex<Connection>>,
    writer: Writer,
    in_flight: InFlight,
    /// Made when a layer first asks for it.
    known: Mutex<Option<Known>>,
}

impl Store {
    /// Opens a store, made now if there is none: for its owner only, in a folder that is made
    /// likewise.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be made or opened, or is something else.
    pub fn open(path: impl Into<PathBuf>, durability: Durability) -> Result<Self, StoreError> {
        let path = path.into();
        let opened = || {
            let writer = connection::open(&path, durability)?;
            let reader = connection::open(&path, durability)?;
            let in_flight = InFlight::default();
            let writer = Writer::start(Arc::new(Mutex::new(writer)), in_flight.clone())?;
            Ok(Inner {
                path: Some(path.clone()),
                reader: Arc::new(Mutex::new(reader)),
                writer,
                in_flight,
                known: Mutex::default(),
            })
        };
        let inner = opened().map_err(|error: StoreError| error.at(&path))?;
        Ok(Self(Arc::new(inner)))
    }

    /// Makes a store that ends with its last handle.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no memory for it.
    pub fn in_memory() -> Result<Self, StoreError> {
        let connection = Arc::new(Mutex::new(connection::in_memory()?));
        let in_flight = InFlight::default();
        Ok(Self(Arc::new(Inner {
            path: None,
            writer: Writer::start(Arc::clone(&connection), in_flight.clone())?,
            in_flight,
            reader: connection,
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
        self.read(|connection| {
            let select = format!("{SELECT} WHERE key = ?1 AND status = 0");
            let mut select = connection.prepare_cached(&select)?;
            let mut rows = select.query([key.as_bytes()])?;
            rows.next()?.map(Record::read).transpose()
        })
    }

    /// Returns the same as [`find`](Self::find), without looking into the file for what nobody has
    /// recorded. What another process has recorded a moment ago may be missed.
    pub(crate) fn find_known(&self, key: &CallKey) -> Result<Option<Record>, StoreError> {
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
        if may_have { self.find(key) } else { Ok(None) }
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
        self.enter(record.entry()).await
    }

    pub(crate) async fn enter(&self, entry: Entry) -> Result<(), StoreError> {
        if let Some(known) = &mut *self.0.known.lock().unwrap_or_else(PoisonError::into_inner) {
            known.add(&entry.key);
        }
        let (ack, done) = oneshot::channel();
        self.0.writer.send(Write::Call(Box::new(entry), ack));
        acknowledged(done).await.map_err(|error| self.named(error))
    }

    /// Counts a call of a run as under way until the guard is dropped. Run 0 is none.
    pub(crate) fn begin_call(&self, run: i64) -> Option<UnderWay> {
        if run == 0 {
            return None;
        }
        let (under_way, is_first) = self.0.in_flight.enter(run);
        if is_first {
            self.0.writer.send(Write::Begun);
        }
        Some(under_way)
    }

    /// Says that the recorded answer of a call was of no use, so that it isn't given out again. That
    /// takes effect in its turn, after what was sent to be written before.
    pub fn disown(&self, key: &CallKey) {
        self.0.writer.send(Write::Disown(*key));
    }

    /// Keeps something worth noting in a run.
    pub fn note(&self, run: i64, event: &Event) {
        if let Ok(event) = serde_json::to_string(event) {
            self.0.writer.send(Write::Note(run, event));
        }
    }

    /// Returns what a run has paid for so far, by the name of the model.
    ///
    /// # Errors
    ///
    /// Returns an error if the record cannot be read.
    pub fn paid(&self, run: i64) -> Result<Vec<(String, Usage)>, StoreError> {
        const SUMS: &str = "SELECT name, count(*), sum(attempts), sum(input_tokens), \
            sum(cached_input_tokens), sum(output_tokens), sum(reasoning_tokens) FROM calls \
            JOIN models ON models.id = calls.model WHERE run = ?1 GROUP BY name ORDER BY name";
        self.read(|connection| {
            let mut select = connection.prepare_cached(SUMS)?;
            let rows = select.query_map([run], |row| {
                let count = |column| row.get(column).map(i64::cast_unsigned);
                let usage = Usage {
                    calls: count(1)?,
                    attempts: count(2)?,
                    input_tokens: count(3)?,
                    cached_input_tokens: count(4)?,
                    output_tokens: count(5)?,
                    reasoning_tokens: count(6)?,
                };
                Ok((row.get(0)?, usage))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
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
        let (ack, done) = oneshot::channel();
        let (give, take) = oneshot::channel();
        let other = move |connection: &Connection| {
            let _ = give.send(write(connection)?);
            Ok(())
        };
        self.0.writer.send(Write::Other(Box::new(other), ack));
        acknowledged(done)
            .await
            .map_err(|error| self.named(error))?;
        take.await.map_err(|_| {
            let detail = "the thread that writes has ended";
            StoreError::new(crate::StoreErrorKind::Io, detail)
        })
    }

    fn named(&self, error: StoreError) -> StoreError {
        match self.path() {
            Some(path) => error.at(path),
            None => error,
        }
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
