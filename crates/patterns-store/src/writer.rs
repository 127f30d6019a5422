//! The one thread that writes: whatever has come while it was busy is committed together.
//!
//! It is a thread, the only one that a library starts, since a commit blocks on the disk and must not be cut
//! short by a dropped future. A lone write is committed at once; where several come together, a commit waits
//! [`PATIENCE`] for more, which halves the CPU of ten thousand writes a second.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use patterns_core::CallKey;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::accounts::Accounts;
use crate::error::{StoreError, StoreErrorKind};
use crate::record::{Entry, set_status};
use crate::status::CallStatus;

/// The most writes that are committed together.
const MOST: usize = 256;

/// How long a commit waits for more, once several writes have come; far below the 20 ms that anybody
/// would notice next to a call.
const PATIENCE: Duration = Duration::from_millis(4);

/// Something to be written, in the order in which it came.
pub(crate) enum Write {
    /// A paid call; whoever waits is told when it is safe.
    Call(Box<Entry>, Ack),
    /// The answer to a call is not to be given out again.
    Disown(CallKey),
    /// Something worth noting in a run.
    Note(i64, String),
    /// Nothing but the accounts, which every commit writes; whoever waits is about to send.
    Accounts(Ack),
    /// Anything else, which wants a result.
    Other(Apply, Ack),
}

/// What writes something.
pub(crate) type Apply = Box<dyn FnOnce(&Connection) -> Result<(), StoreError> + Send>;

/// Tells that something is safe, or why it is not.
pub(crate) type Ack = oneshot::Sender<Result<(), StoreError>>;

/// The way to the writing thread, which ends when this is dropped, after all that was sent to it.
#[derive(Debug)]
pub(crate) struct Writer {
    writes: Option<Sender<Write>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Begins to write.
    pub(crate) fn start(
        connection: Arc<Mutex<Connection>>,
        accounts: Accounts,
    ) -> Result<Self, StoreError> {
        let (writes, incoming) = channel();
        // Not a task: it blocks on the disk, and a commit must not be cut short by a dropped future.
        let thread = std::thread::Builder::new()
            .name("patterns-store".to_owned())
            .spawn(move || write_all(&connection, &accounts, &incoming))?;
        Ok(Self {
            writes: Some(writes),
            thread: Some(thread),
        })
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
    ack: oneshot::Receiver<Result<(), StoreError>>,
) -> Result<(), StoreError> {
    ack.await.unwrap_or_else(|_| {
        let detail = "it was opened to be read, or the thread that writes has ended";
        Err(StoreError::new(StoreErrorKind::Io, detail))
    })
}

fn write_all(connection: &Mutex<Connection>, accounts: &Accounts, incoming: &Receiver<Write>) {
    let mut broken: Option<StoreError> = None;
    while let Ok(first) = incoming.recv() {
        let batch = gather(first, incoming);
        // After a failed commit nobody knows what the disk has; going on would be a gamble.
        let (acks, result) = match &broken {
            Some(error) => (acks_of(batch), Err(error.clone())),
            None => commit(&lock(connection), accounts, batch),
        };
        if let Err(error) = &result {
            broken.get_or_insert_with(|| error.clone());
        }
        for ack in acks {
            // Nobody may be waiting any more.
            let _ = ack.send(result.clone());
        }
    }
}

/// Returns what is to be committed together. A lone write is not held up; where several come at
/// once, more are about to.
fn gather(first: Write, incoming: &Receiver<Write>) -> Vec<Write> {
    let mut batch = vec![first];
    batch.extend(incoming.try_iter().take(MOST - 1));
    if (2..MOST).contains(&batch.len()) {
        // Not by waiting for the next one, which would wake this thread for each.
        std::thread::park_timeout(PATIENCE);
        batch.extend(incoming.try_iter().take(MOST - batch.len()));
    }
    batch
}

fn commit(
    connection: &Connection,
    accounts: &Accounts,
    batch: Vec<Write>,
) -> (Vec<Ack>, Result<(), StoreError>) {
    let mut acks = Vec::new();
    let mut result = connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(StoreError::from)
        // First, so that whoever waits for it finds what was reserved before.
        .and_then(|()| accounts.write(connection));
    for write in batch {
        let (ack, write) = split(write);
        acks.extend(ack);
        if result.is_ok() {
            result = write(connection);
        }
    }
    let result = result.and_then(|()| Ok(connection.execute_batch("COMMIT")?));
    if result.is_err() {
        // It may have been rolled back already.
        let _ = connection.execute_batch("ROLLBACK");
    }
    (acks, result)
}

fn split(write: Write) -> (Option<Ack>, Apply) {
    match write {
        Write::Call(entry, ack) => (Some(ack), Box::new(move |it| entry.write(it))),
        Write::Other(other, ack) => (Some(ack), other),
        Write::Accounts(ack) => (Some(ack), Box::new(|_| Ok(()))),
        Write::Disown(key) => (
            None,
            Box::new(move |it| set_status(it, &key, CallStatus::Disowned)),
        ),
        Write::Note(run, event) => (
            None,
            Box::new(move |it| {
                let insert = "INSERT INTO notes (run, event) VALUES (?1, ?2)";
                it.prepare_cached(insert)?.execute((run, event))?;
                Ok(())
            }),
        ),
    }
}

fn acks_of(batch: Vec<Write>) -> Vec<Ack> {
    batch.into_iter().filter_map(|it| split(it).0).collect()
}

pub(crate) fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A panic elsewhere ends a transaction half way, which SQLite rolls back.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
