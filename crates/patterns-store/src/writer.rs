//! The one thread that writes: whatever has come while it was busy is committed together.
//!
//! It is a thread, the only one that a library starts, since a commit blocks on the disk and must not be cut
//! short by a dropped future. A lone write is committed at once; where several come together, a commit waits
//! [`PATIENCE`] for more, which halves the CPU of ten thousand writes a second.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::accounts::Accounts;
use crate::error::{StoreError, StoreErrorKind};
use crate::prompts::Prompts;
use crate::record::Entry;
use crate::run_rows::RunRows;

/// The most writes that are committed together.
const MOST: usize = 256;

/// How long a commit waits for more, once several writes have come; far below the 20 ms that anybody
/// would notice next to a call.
const PATIENCE: Duration = Duration::from_millis(4);

/// Something to be written, in the order in which it came.
pub(crate) enum Write {
    /// A paid call; whoever waits is told the number of its row when it is safe.
    Call(Box<Entry>, Ack),
    /// Nothing but the accounts, which every commit writes; whoever waits is about to send.
    Accounts(Ack),
    /// Anything else, which wants a result.
    Other(Apply, Ack),
    /// Anything that nobody waits for. If it fails, it fails alone: it must never cost a paid answer.
    Later(Apply),
}

/// What writes something.
pub(crate) type Apply = Box<dyn FnOnce(&Connection, &mut Prompts) -> Result<(), StoreError> + Send>;

/// Tells that something is safe and which row it is, if that is asked, or why it is not.
pub(crate) type Ack = oneshot::Sender<Result<i64, StoreError>>;

/// The way to the writing thread, which ends when this is dropped, after all that was sent to it.
#[derive(Debug)]
pub(crate) struct Writer {
    writes: Option<Sender<Write>>,
    thread: Option<JoinHandle<()>>,
    unrecorded: Unrecorded,
}

/// Why something was not written that nobody waits for, if so; no more is written of how runs go then.
type Unrecorded = Arc<OnceLock<StoreError>>;

/// What every commit writes, too.
struct Beside {
    accounts: Accounts,
    /// How runs go: if it cannot be written, no more of it is.
    rows: RunRows,
    unrecorded: Unrecorded,
}

impl Beside {
    /// Writes how runs go.
    fn write_rows(&self, connection: &Connection, prompts: &mut Prompts) -> Result<(), StoreError> {
        let rows = self.rows.take();
        if rows.is_empty() || self.unrecorded.get().is_some() {
            return Ok(());
        }
        let mut rows = rows.into_iter();
        self.write_alone(connection, prompts, move |connection, prompts| {
            rows.try_for_each(|row| row.write(connection, prompts))
        })
    }

    /// Writes what nobody waits for. If that fails, it is taken back alone, and what is committed with it
    /// stays.
    fn write_alone(
        &self,
        connection: &Connection,
        prompts: &mut Prompts,
        write: impl FnOnce(&Connection, &mut Prompts) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let execute = |sql: &str| connection.prepare_cached(sql)?.execute([]);
        execute("SAVEPOINT alone")?;
        if let Err(error) = write(connection, prompts) {
            // Where SQLite has rolled back everything by itself, this fails, and so does the commit.
            execute("ROLLBACK TO alone")?;
            // It may remember what has just been taken back.
            *prompts = Prompts::default();
            self.unrecorded.get_or_init(|| error);
        }
        execute("RELEASE alone")?;
        Ok(())
    }
}

impl Writer {
    /// Begins to write.
    pub(crate) fn start(
        connection: Arc<Mutex<Connection>>,
        accounts: Accounts,
        rows: RunRows,
    ) -> Result<Self, StoreError> {
        let (writes, incoming) = channel();
        let unrecorded = Unrecorded::default();
        let beside = Beside {
            accounts,
            rows,
            unrecorded: Arc::clone(&unrecorded),
        };
        // Not a task: it blocks on the disk, and a commit must not be cut short by a dropped future.
        let thread = std::thread::Builder::new()
            .name("patterns-store".to_owned())
            .spawn(move || write_all(&connection, &beside, &incoming))?;
        Ok(Self {
            writes: Some(writes),
            thread: Some(thread),
            unrecorded,
        })
    }

    /// Returns why something was not written that nobody waits for, if so.
    pub(crate) fn unrecorded(&self) -> Option<StoreError> {
        self.unrecorded.get().cloned()
    }

    /// Sends something to be written. Nothing waits.
    pub(crate) fn send(&self, write: Write) {
        if let Some(writes) = &self.writes {
            // If the thread has ended, the acknowledgement is dropped, which tells.
            let _ = writes.send(write);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.writes.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits until something is safe.
pub(crate) async fn acknowledged(
    ack: oneshot::Receiver<Result<i64, StoreError>>,
) -> Result<i64, StoreError> {
    ack.await.unwrap_or_else(|_| {
        let detail = "it was opened to be read, or the thread that writes has ended";
        Err(StoreError::new(StoreErrorKind::Io, detail))
    })
}

fn write_all(connection: &Mutex<Connection>, beside: &Beside, incoming: &Receiver<Write>) {
    let mut broken: Option<StoreError> = None;
    let mut prompts = Prompts::default();
    let mut batch = Vec::new();
    while let Ok(first) = incoming.recv() {
        gather(first, incoming, &mut batch);
        // After a failed commit nobody knows what the disk has; going on would be a gamble.
        let (acks, result) = match &broken {
            Some(error) => (acks_of(std::mem::take(&mut batch)), Err(error.clone())),
            None => commit(&lock(connection), beside, &mut prompts, &mut batch),
        };
        if let Err(error) = &result {
            // Where another process has had the turn all the time, nothing was begun; what nobody waits for is
            // written with the next commit, and costs no answer to come.
            let is_harmless = acks.is_empty() && error.kind() == StoreErrorKind::Busy;
            if !is_harmless {
                broken.get_or_insert_with(|| error.clone());
            }
        }
        for (ack, row) in acks {
            // Nobody may be waiting any more.
            let _ = ack.send(result.clone().map(|()| row));
        }
    }
}

/// Takes what is to be committed together. A lone write is not held up; where several come at once, more are
/// about to.
fn gather(first: Write, incoming: &Receiver<Write>, batch: &mut Vec<Write>) {
    batch.push(first);
    batch.extend(incoming.try_iter().take(MOST - 1));
    if (2..MOST).contains(&batch.len()) {
        // Not by waiting for the next one, which would wake this thread for each.
        std::thread::park_timeout(PATIENCE);
        batch.extend(incoming.try_iter().take(MOST - batch.len()));
    }
}

/// Who is to be told, and of which row.
type Acks = Vec<(Ack, i64)>;

fn commit(
    connection: &Connection,
    beside: &Beside,
    prompts: &mut Prompts,
    batch: &mut Vec<Write>,
) -> (Acks, Result<(), StoreError>) {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        let waited_for = batch.extract_if(.., |it| !matches!(it, Write::Later(_)));
        return (acks_of(waited_for), Err(error.into()));
    }
    let mut acks = Vec::new();
    // First, so that whoever waits for it finds what was reserved before.
    let mut result = beside
        .accounts
        .write(connection)
        .and_then(|()| beside.write_rows(connection, prompts));
    for write in batch.drain(..) {
        if result.is_err() {
            acks.extend(ack_of(write));
            continue;
        }
        let (ack, written) = apply(write, connection, beside, prompts);
        acks.extend(ack.map(|it| (it, *written.as_ref().unwrap_or(&0))));
        result = written.map(drop);
    }
    let result = result.and_then(|()| Ok(connection.execute_batch("COMMIT")?));
    if result.is_err() {
        // It may have been rolled back already.
        let _ = connection.execute_batch("ROLLBACK");
    }
    (acks, result)
}

fn apply(
    write: Write,
    connection: &Connection,
    beside: &Beside,
    prompts: &mut Prompts,
) -> (Option<Ack>, Result<i64, StoreError>) {
    match write {
        Write::Call(entry, ack) => (Some(ack), entry.write(connection, prompts)),
        Write::Other(other, ack) => (Some(ack), other(connection, prompts).map(|()| 0)),
        Write::Accounts(ack) => (Some(ack), Ok(0)),
        Write::Later(other) => {
            let written = beside.write_alone(connection, prompts, other);
            (None, written.map(|()| 0))
        }
    }
}

fn ack_of(write: Write) -> Option<(Ack, i64)> {
    match write {
        Write::Call(_, ack) | Write::Other(_, ack) | Write::Accounts(ack) => Some((ack, 0)),
        Write::Later(_) => None,
    }
}

fn acks_of(batch: impl IntoIterator<Item = Write>) -> Acks {
    batch.into_iter().filter_map(ack_of).collect()
}

pub(crate) fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A panic elsewhere ends a transaction half way, which SQLite rolls back.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_waits_for_waits_for_its_turn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let (other, connection) = (Connection::open(&path), Connection::open(&path));
        let (other, connection) = (other.unwrap(), connection.unwrap());
        connection.busy_timeout(Duration::ZERO).unwrap();
        other.execute_batch("CREATE TABLE t (n)").unwrap();
        let beside = Beside {
            accounts: Accounts::default(),
            rows: RunRows::default(),
            unrecorded: Unrecorded::default(),
        };
        let insert = || -> Apply {
            Box::new(|connection, _| Ok(connection.execute_batch("INSERT INTO t VALUES (1)")?))
        };
        let waited_for = || Write::Other(insert(), oneshot::channel().0);
        let commit = |batch: &mut Vec<Write>| {
            let (acks, result) = commit(&connection, &beside, &mut Prompts::default(), batch);
            (acks.len(), result.map_err(|error| error.kind()))
        };
        let count = || {
            let select = "SELECT count(*) FROM t";
            other.query_row(select, [], |row| row.get::<_, i64>(0))
        };
        let busy = Err(StoreErrorKind::Busy);

        let mut batch = vec![Write::Later(insert())];
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(commit(&mut batch), (0, busy));
        other.execute_batch("ROLLBACK").unwrap();
        batch.push(waited_for());
        assert_eq!(commit(&mut batch), (1, Ok(())));
        assert_eq!((batch.len(), count()), (0, Ok(2)));

        let mut batch = vec![Write::Later(insert()), waited_for()];
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(commit(&mut batch), (1, busy));
        assert_eq!((batch.len(), count()), (1, Ok(2)));
    }
}
