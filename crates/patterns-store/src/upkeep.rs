//! The upkeep of a store: what is in it, whether it is whole, and what can go.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::record::{Record, SELECT};
use crate::status::CallStatus;

/// What is in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Runs that were recorded.
    pub runs: u64,
    /// Paid calls, by how they ended.
    pub calls: BTreeMap<&'static str, u64>,
    /// Attempts that these calls took.
    pub attempts: u64,
    /// Tokens that were paid for, read and written.
    pub tokens: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
}

/// What a check has found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Calls that are what was written.
    pub good: u64,
    /// What is wrong with others, or with the file.
    pub damage: Vec<String>,
}

impl Health {
    /// Returns whether everything is as it was written.
    pub fn is_good(&self) -> bool {
        self.damage.is_empty()
    }
}

impl Store {
    /// Returns what is in the store.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        self.read(|connection| {
            let number = |sql: &str| -> Result<u64, StoreError> {
                let number: i64 = connection.query_row(sql, [], |row| row.get(0))?;
                Ok(number.cast_unsigned())
            };
            let mut stats = Stats {
                runs: number("SELECT count(*) FROM runs")?,
                attempts: number("SELECT coalesce(sum(attempts), 0) FROM calls")?,
                tokens: number("SELECT coalesce(sum(input_tokens + output_tokens), 0) FROM calls")?,
                bytes: number(
                    "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
                )?,
                calls: BTreeMap::new(),
            };
            for status in CallStatus::ALL {
                let count: i64 = connection.query_row(
                    "SELECT count(*) FROM calls WHERE status = ?1",
                    [status.number()],
                    |row| row.get(0),
                )?;
                stats.calls.insert(status.name(), count.cast_unsigned());
            }
            Ok(stats)
        })
    }

    /// Reads everything and compares it with what was written.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read at all.
    pub fn verify(&self) -> Result<Health, StoreError> {
        self.read(|connection| {
            let mut health = Health::default();
            let mut check = connection.prepare("PRAGMA integrity_check")?;
            let lines = check.query_map([], |row| row.get::<_, String>(0))?;
            for line in lines {
                let line = line?;
                if line != "ok" {
                    health.damage.push(line);
                }
            }
            let select = format!("{SELECT} ORDER BY calls.id");
            let mut select = connection.prepare(&select)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                match Record::read(row) {
                    Ok(_) => health.good += 1,
                    Err(error) => {
                        let id: i64 = row.get(11)?;
                        health.damage.push(format!("call {id}: {error}"));
                    }
                }
            }
            Ok(health)
        })
    }

    /// Removes calls that are never given out again, and, if `older_than` is given, answers that
    /// were recorded before that; then gives the room back. Returns how many are gone.
    ///
    /// What removed calls have cost is no longer known, except to the outcomes of their runs.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be done.
    pub async fn collect_garbage(&self, older_than: Option<Duration>) -> Result<u64, StoreError> {
        let gone = self
            .write(move |connection| {
                let mut gone = connection.execute("DELETE FROM calls WHERE status <> 0", [])?;
                if let Some(age) = older_than {
                    let age = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
                    let delete = "DELETE FROM calls WHERE at <= unixepoch() - ?1";
                    gone += connection.execute(delete, [age])?;
                }
                Ok(gone as u64)
            })
            .await?;
        // It cannot be part of a transaction.
        self.read(|connection| Ok(connection.execute_batch("VACUUM")?))?;
        Ok(gone)
    }

    /// Copies the whole store to a new file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file is there already or cannot be written.
    pub fn copy_to(&self, path: PathBuf) -> Result<(), StoreError> {
        self.read(|connection: &Connection| {
            let path = path.to_string_lossy().into_owned();
            connection.execute("VACUUM INTO ?1", [path])?;
            Ok(())
        })
    }
}
