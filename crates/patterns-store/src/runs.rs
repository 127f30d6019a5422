//! What runs there were: what was asked for, how they ended, and what was worth noting in them.

use std::path::PathBuf;
use std::task::{Context, Waker};

use patterns_core::Spent;
use rusqlite::{Connection, Row};
use serde::Serialize;

use crate::Store;
use crate::accounts;
use crate::connection::{LOOK, beside};
use crate::error::StoreError;
use crate::lock_file::LockFile;
use crate::prompts;
use crate::store::optional;

/// A run as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunRecord {
    /// Numbers the runs of a store, from 1.
    pub id: i64,
    /// What the run is for, in the words of whoever began it.
    pub job: String,
    /// When it began, in seconds since 1970, UTC.
    pub started: i64,
    /// How often it was begun or gone on with.
    pub sessions: i64,
    /// How many attempts were under way when a session of it was killed. They may have been paid
    /// for, and nobody knows what they cost.
    pub lost: i64,
    /// What it has spent in all sessions, failed attempts and those under way included; `None` if it
    /// was begun by a version that kept no account.
    pub account: Option<Spent>,
    /// When it came to its end, if it did.
    pub ended: Option<i64>,
    /// How it ended, in the words of whoever began it.
    pub outcome: Option<String>,
}

const COLUMNS: &str = "id, job, started, sessions, lost, account, ended, outcome";

/// Whether a run that is begun again is the same run, with the same account under the same cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It is, whether it had come to its end or not.
    Same,
    /// It is until it has come to its end; then another run begins.
    SameUntilDone,
    /// It is not: another run begins.
    Another,
}

impl RunRecord {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            job: row.get(1)?,
            started: row.get(2)?,
            sessions: row.get(3)?,
            lost: row.get(4)?,
            account: account_of(row.get(5)?),
            ended: row.get(6)?,
            outcome: row.get(7)?,
        })
    }
}

impl Store {
    /// Begins a run, or goes on with the latest one of the same `identity`, as `again` says. `job` is what [`RunRecord::job`] will be; that of a run that
    /// is gone on with stays.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be recorded.
    pub async fn begin_run(
        &self,
        identity: [u8; 32],
        job: String,
        again: Again,
    ) -> Result<RunRecord, StoreError> {
        self.write(move |connection| {
            let latest = latest(connection, &identity)?.filter(|(_, is_done)| match again {
                Again::Same => true,
                Again::SameUntilDone => !is_done,
                Again::Another => false,
            });
            let id = match latest {
                Some((id, _)) => go_on(connection, id).map(|()| id)?,
                None => {
                    let insert = "INSERT INTO runs (identity, job) VALUES (?1, ?2)";
                    connection.execute(insert, (identity, job))?;
                    connection.last_insert_rowid()
                }
            };
            by_id(connection, id)
        })
        .await
    }

    /// Goes on with a run, whether it had come to its end or not.
    ///
    /// # Errors
    ///
    /// Returns an error if there is none of that number, or that cannot be recorded.
    pub async fn go_on_with(&self, id: i64) -> Result<RunRecord, StoreError> {
        self.write(move |connection| {
            go_on(connection, id)?;
            by_id(connection, id)
        })
        .await
    }

    /// Returns the identity of a run, if there is one of that number.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn identity_of(&self, id: i64) -> Result<Option<[u8; 32]>, StoreError> {
        self.read(|connection| {
            let select = "SELECT identity FROM runs WHERE id = ?1";
            optional(connection.query_row(select, [id], |row| row.get(0)))
        })
    }

    /// Ends a run. One without an end can be gone on with.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be recorded.
    pub async fn end_run(&self, id: i64, is_done: bool, outcome: String) -> Result<(), StoreError> {
        self.write(move |connection| {
            let update =
                "UPDATE runs SET outcome = ?2, ended = iif(?3, unixepoch(), NULL) WHERE id = ?1";
            connection.execute(update, (id, outcome, is_done))?;
            Ok(())
        })
        .await
    }

    /// Says that a run that has begun is not gone on with now, unless that is known, and waits until that is
    /// written: the process may end next. What cannot be written is not told.
    pub fn give_up(&self, id: i64) {
        let mut given_up = Box::pin(self.write(move |connection| {
            let update = "UPDATE runs SET outcome = '{}' WHERE id = ?1 AND outcome IS NULL";
            connection.execute(update, [id])?;
            Ok(())
        }));
        let mut context = Context::from_waker(Waker::noop());
        while given_up.as_mut().poll(&mut context).is_pending() {
            std::thread::park_timeout(LOOK);
        }
    }

    /// Returns the latest runs, at most so many, the latest first.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be read.
    pub fn runs(&self, most: u32) -> Result<Vec<RunRecord>, StoreError> {
        self.read(|connection| {
            let select = format!("SELECT {COLUMNS} FROM runs ORDER BY id DESC LIMIT ?1");
            let mut select = connection.prepare(&select)?;
            let rows = select.query_map([most], RunRecord::read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns runs that were begun before one, or the latest: at most so many, the latest first.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be read.
    pub fn runs_before(
        &self,
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<RunRecord>, StoreError> {
        self.read(|connection| {
            let select =
                format!("SELECT {COLUMNS} FROM runs WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
            let mut select = connection.prepare(&select)?;
            let before = before.unwrap_or(i64::MAX);
            let rows = select.query_map((before, most), RunRecord::read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns a run, if there is one of that number.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn run(&self, id: i64) -> Result<Option<RunRecord>, StoreError> {
        self.read(|connection| {
            let select = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1");
            optional(connection.query_row(&select, [id], RunRecord::read))
        })
    }

    /// Keeps what the result of a run was made of, in place of what was kept before.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be recorded.
    pub async fn keep_trace(&self, id: i64, trace: String) -> Result<(), StoreError> {
        self.write(move |connection| {
            let insert = "INSERT OR REPLACE INTO traces (run, trace) VALUES (?1, ?2)";
            connection.execute(insert, (id, trace))?;
            Ok(())
        })
        .await
    }

    /// Returns what the result of a run was made of, if that was kept.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn trace(&self, id: i64) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            let select = "SELECT trace FROM traces WHERE run = ?1";
            optional(connection.query_row(select, [id], |row| row.get(0)))
        })
    }

    /// Keeps what came of a run, in place of what was kept before.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be recorded.
    pub async fn keep_result(&self, id: i64, result: String) -> Result<(), StoreError> {
        self.write(move |connection| {
            let insert = "INSERT OR REPLACE INTO results (run, result) VALUES (?1, ?2)";
            connection.execute(insert, (id, prompts::pack(result.as_bytes())?))?;
            Ok(())
        })
        .await
    }

    /// Returns what came of a run, if that was kept.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn result(&self, id: i64) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            let select = "SELECT result FROM results WHERE run = ?1";
            let packed = connection.query_row(select, [id], |row| row.get::<_, Vec<u8>>(0));
            let unpacked = optional(packed)?.map(|it| prompts::unpack(&it));
            Ok(unpacked
                .transpose()?
                .map(|it| String::from_utf8_lossy(&it).into_owned()))
        })
    }

    /// Returns the file whose lock is held while a run of an identity goes on; `None` if the store is
    /// in no file.
    pub fn lock_path(&self, identity: &[u8; 32]) -> Option<PathBuf> {
        let name = blake3::Hash::from_bytes(*identity).to_hex();
        Some(beside(self.path()?, &format!(".run-{}.lock", &name[..16])))
    }

    /// Returns whether a run goes on in some process: it has no outcome, and its lock is held.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read.
    pub fn is_running(&self, id: i64) -> Result<bool, StoreError> {
        let select = "SELECT identity FROM runs AS it WHERE id = ?1 AND ended IS NULL AND \
            outcome IS NULL AND NOT EXISTS \
            (SELECT 1 FROM runs WHERE identity = it.identity AND id > it.id)";
        let identity: Option<[u8; 32]> =
            self.read(|connection| optional(connection.query_row(select, [id], |row| row.get(0))))?;
        let path = identity.and_then(|it| self.lock_path(&it));
        Ok(path.is_some_and(|it| LockFile::is_held(&it)))
    }

    /// Returns what was noted in a run: when, in seconds since 1970, and the event as JSON.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn notes(&self, id: i64) -> Result<Vec<(i64, String)>, StoreError> {
        self.read(|connection| {
            let select = "SELECT at, event FROM notes WHERE run = ?1 ORDER BY rowid";
            let mut select = connection.prepare(select)?;
            let rows = select.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Returns the latest run of an identity, and whether it has come to its end.
fn latest(connection: &Connection, identity: &[u8; 32]) -> Result<Option<(i64, bool)>, StoreError> {
    let select =
        "SELECT id, ended IS NOT NULL FROM runs WHERE identity = ?1 ORDER BY id DESC LIMIT 1";
    optional(connection.query_row(select, [identity], |row| Ok((row.get(0)?, row.get(1)?))))
}

/// Begins another session of a run. What is still reserved was under way when the last one was
/// killed; how that one ended says nothing about this one.
fn go_on(connection: &Connection, id: i64) -> Result<(), StoreError> {
    let account = by_id(connection, id)?.account;
    let lost = account.map_or(0, |it| it.reserved.calls);
    let update = "UPDATE runs SET sessions = sessions + 1, lost = lost + ?2, ended = NULL, \
        outcome = NULL WHERE id = ?1";
    connection.execute(update, (id, i64::try_from(lost).unwrap_or(i64::MAX >> 10)))?;
    match account {
        Some(account) => accounts::set(connection, id, account.abandoned()),
        None => Ok(()),
    }
}

fn account_of(written: Option<String>) -> Option<Spent> {
    serde_json::from_str(&written?).ok()
}

fn by_id(connection: &Connection, id: i64) -> Result<RunRecord, StoreError> {
    let select = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1");
    Ok(connection.query_row(&select, [id], RunRecord::read)?)
}
