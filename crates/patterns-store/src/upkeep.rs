//! The upkeep of a store: what is in it, and what can go.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use patterns_core::Usage;
use rusqlite::Connection;
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::prompts;
use crate::record::{ALL_CALLS, usage_of, usage_sums};
use crate::status::CallStatus;

/// What is in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Runs that were recorded.
    pub runs: u64,
    /// Paid calls, by how they ended.
    pub calls: BTreeMap<&'static str, u64>,
    /// What all of them were billed, those included that were removed.
    pub usage: Usage,
    /// Calls of which it is known what was asked.
    pub prompts: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
}

/// What can be removed from a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Garbage {
    /// Calls that are never given out again.
    pub unusable: u64,
    /// Answers that were recorded before the time that was given.
    pub old: u64,
}

impl Garbage {
    /// Returns all of it.
    pub fn calls(self) -> u64 {
        self.unusable + self.old
    }
}

/// Which calls go; the parameter is the age in seconds, if there is one.
const GARBAGE: &str = "(status <> 0 OR at <= unixepoch() - ?1)";

fn age(older_than: Option<Duration>) -> Option<i64> {
    // The clock of SQLite has 63 bits, and nothing is older than it.
    older_than.map(|age| {
        i64::try_from(age.as_secs())
            .unwrap_or(i64::MAX)
            .min(i64::MAX >> 1)
    })
}

fn garbage(connection: &Connection, age: Option<i64>) -> Result<Garbage, StoreError> {
    let select = format!(
        "SELECT count(*) FILTER (WHERE status <> 0), count(*) FILTER (WHERE status = 0) \
         FROM calls WHERE {GARBAGE}"
    );
    let count = |row: &rusqlite::Row<'_>, n| row.get(n).map(i64::cast_unsigned);
    Ok(connection.query_row(&select, [age], |row| {
        Ok(Garbage {
            unusable: count(row, 0)?,
            old: count(row, 1)?,
        })
    })?)
}

/// Returns the SQL that adds what goes to the accounts of what is gone.
fn keep_accounts() -> String {
    let columns = "calls, attempts, input_tokens, cached_input_tokens, output_tokens, \
        reasoning_tokens";
    let gone = format!(
        "SELECT run, model, 1 AS calls, attempts, input_tokens, cached_input_tokens, \
         output_tokens, reasoning_tokens FROM calls WHERE {GARBAGE}"
    );
    let sums = usage_sums();
    let added = columns
        .split(", ")
        .map(|it| format!("{it} = {it} + excluded.{it}"));
    format!(
        "INSERT INTO removed (run, model, {columns}) SELECT run, model, {sums} FROM ({gone}) \
         WHERE true GROUP BY run, model ON CONFLICT (run, model) DO UPDATE SET {}",
        added.collect::<Vec<_>>().join(", ")
    )
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
                usage: connection.query_row(
                    &format!("SELECT {} FROM ({ALL_CALLS})", usage_sums()),
                    [],
                    |row| usage_of(row, 0),
                )?,
                prompts: number("SELECT count(*) FROM prompts")?,
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

    /// Returns what [`collect_garbage`](Self::collect_garbage) would remove.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read.
    pub fn garbage(&self, older_than: Option<Duration>) -> Result<Garbage, StoreError> {
        self.read(|connection| garbage(connection, age(older_than)))
    }

    /// Removes calls that are never given out again, and, if `older_than` is given, answers that
    /// were recorded before that, and how runs went before that; then gives the room back. What removed calls have cost stays known
    /// to the [accounts](Self::paid) of their runs.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be done.
    pub async fn collect_garbage(
        &self,
        older_than: Option<Duration>,
    ) -> Result<Garbage, StoreError> {
        let age = age(older_than);
        let gone = self
            .write(move |connection| {
                let gone = garbage(connection, age)?;
                connection.execute(&keep_accounts(), [age])?;
                connection.execute(&format!("DELETE FROM calls WHERE {GARBAGE}"), [age])?;
                // Numbers of rows that are gone are given out again.
                connection.execute(
                    "UPDATE run_calls SET call = NULL WHERE call IS NOT NULL \
                     AND call NOT IN (SELECT id FROM calls)",
                    [],
                )?;
                for table in ["run_calls", "branches"] {
                    let delete =
                        format!("DELETE FROM {table} WHERE began / 1000000 <= unixepoch() - ?1");
                    connection.execute(&delete, [age])?;
                }
                prompts::clean_up(connection, false)?;
                Ok(gone)
            })
            .await?;
        // It cannot be part of a transaction.
        self.read(|connection| Ok(connection.execute_batch("VACUUM")?))?;
        Ok(gone)
    }

    /// Removes all that was asked, and gives the room back. Answers and accounts stay.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be done.
    pub async fn remove_prompts(&self) -> Result<u64, StoreError> {
        let gone = self.write(|connection| {
            let count = "SELECT count(*) FROM prompts";
            let count: i64 = connection.query_row(count, [], |row| row.get(0))?;
            prompts::clean_up(connection, true)?;
            Ok(count.cast_unsigned())
        });
        let gone = gone.await?;
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
