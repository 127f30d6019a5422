//! Says how whole a store is: the file, its tables, and whether what is in each of them can be read.
//!
//! Everything is read that any command may come to read, since all of them send their users here when they
//! find damage.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::prompts;
use crate::record::{Record, SELECT};
use crate::versions::has_table;

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

    fn wrong(&mut self, what: impl Into<String>) {
        self.damage.push(what.into());
    }
}

/// The tables of a store.
const TABLES: [&str; 12] = [
    "calls",
    "models",
    "runs",
    "notes",
    "traces",
    "removed",
    "identity",
    "frames",
    "prompts",
    "branches",
    "run_calls",
    "results",
];

/// The tables that are made when they are first needed.
const LATER: [&str; 3] = ["controls", "plans", "progress"];

impl Store {
    /// Looks whether all of the store is what was written.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read at all.
    pub fn verify(&self) -> Result<Health, StoreError> {
        self.read(|connection| {
            let mut health = Health::default();
            check_file(connection, &mut health)?;
            for table in TABLES.into_iter().chain(LATER) {
                if has_table(connection, table)? {
                    let checked = check_table(connection, table, &mut health);
                    checked.unwrap_or_else(|error| health.wrong(format!("{table}: {error}")));
                } else if TABLES.contains(&table) {
                    health.wrong(format!("the table {table} is not there"));
                }
            }
            Ok(health)
        })
    }
}

fn check_file(connection: &Connection, health: &mut Health) -> Result<(), StoreError> {
    let mut check = connection.prepare("PRAGMA integrity_check")?;
    let lines = check.query_map([], |row| row.get::<_, String>(0))?;
    for line in lines {
        let line = line?;
        if line != "ok" {
            health.wrong(line);
        }
    }
    Ok(())
}

fn check_table(
    connection: &Connection,
    table: &str,
    health: &mut Health,
) -> Result<(), StoreError> {
    match table {
        "calls" => check_calls(connection, health),
        "prompts" => check_each(connection, (table, "id"), health, |row| {
            let id = row.get(0)?;
            let read = prompts::read(connection, id)?.map(drop);
            let missing =
                || format!("prompt {id}: what all calls of its agent are told is not there");
            Ok(read.is_none().then(missing))
        }),
        "results" => check_each(connection, (table, "result"), health, |row| {
            prompts::unpack(&row.get::<_, Vec<u8>>(0)?)?;
            Ok(None)
        }),
        "identity" => {
            let count: i64 =
                connection.query_row("SELECT count(*) FROM identity", [], |row| row.get(0))?;
            if count != 1 {
                health.wrong("what tells the store from all others is not there");
            }
            Ok(())
        }
        _ => check_each(connection, (table, "*"), health, texts),
    }
}

/// Looks at these columns of each row; `check` returns what is wrong with it.
fn check_each(
    connection: &Connection,
    (table, columns): (&str, &str),
    health: &mut Health,
    check: impl Fn(&Row<'_>) -> Result<Option<String>, StoreError>,
) -> Result<(), StoreError> {
    let mut select = connection.prepare(&format!("SELECT {columns} FROM {table}"))?;
    let mut rows = select.query([])?;
    let mut number = 0_u64;
    while let Some(row) = rows.next()? {
        number += 1;
        match check(row) {
            Ok(wrong) => health.damage.extend(wrong),
            Err(error) => health.wrong(format!("row {number} of {table}: {error}")),
        }
    }
    Ok(())
}

/// Checks that texts are texts.
fn texts(row: &Row<'_>) -> Result<Option<String>, StoreError> {
    for at in 0..row.as_ref().column_count() {
        if matches!(row.get_ref(at)?, ValueRef::Text(_)) {
            row.get::<_, String>(at)?;
        }
    }
    Ok(None)
}

fn check_calls(connection: &Connection, health: &mut Health) -> Result<(), StoreError> {
    let select = format!("{SELECT} ORDER BY calls.id");
    let mut select = connection.prepare(&select)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        match Record::read(row) {
            Ok(_) => health.good += 1,
            Err(error) => {
                let id: i64 = row.get(11)?;
                health.wrong(format!("call {id}: {error}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Again, Control};

    #[tokio::test]
    async fn no_table_of_a_store_is_left_out() {
        let store = Store::in_memory().unwrap();
        let run = store.begin_run([7; 32], "{}".to_owned(), Again::Same);
        let run = run.await.unwrap();
        store.ask_of_run(run.id, Control::Pause).await.unwrap();
        store.tell_progress(run.id, 1, "{}".to_owned());
        store.keep_plan([7; 32], "{}".to_owned()).await.unwrap();
        let read = store.read(|connection| {
            let select = "SELECT name FROM sqlite_schema WHERE type = 'table' \
                AND name NOT LIKE 'sqlite_%' ORDER BY name";
            let mut select = connection.prepare(select)?;
            let names = select.query_map([], |row| row.get(0))?;
            Ok(names.collect::<Result<Vec<String>, _>>()?)
        });
        let mut tables: Vec<_> = TABLES.into_iter().chain(LATER).collect();
        tables.sort_unstable();
        assert_eq!(read.unwrap(), tables);
    }
}
