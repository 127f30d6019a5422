//! What is asked of a run that goes on in another process: to pause, to go on, to send more or fewer calls
//! at once, to end; and what it tells of itself.
//!
//! Both are rows of the store and no socket or file beside it: whoever may write to the store may ask, nobody
//! else, on every platform, and what was asked stays to be read. The run looks a few times a second.

use std::num::NonZeroUsize;

use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::StoreError;
use crate::run_rows::RunRow;
use crate::store::optional;
use crate::versions::has_table;

/// What is asked of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// To begin no new call; what is in flight ends.
    Pause,
    /// To go on.
    Resume,
    /// To have at most so many calls in flight at once.
    Concurrency(NonZeroUsize),
    /// To end: what is in flight ends, and nothing more begins.
    Stop,
}

/// Something that was asked of a session of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Numbers all that was asked of runs of a store.
    pub id: i64,
    /// What was asked.
    pub control: Control,
    /// Whether the run has heard it.
    pub is_heard: bool,
}

/// The table is made when something is asked for the first time, so that stores without it are as they were.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS controls (id INTEGER PRIMARY KEY AUTOINCREMENT, \
    run INTEGER NOT NULL, session INTEGER NOT NULL, at INTEGER NOT NULL DEFAULT (unixepoch()), \
    control TEXT NOT NULL, is_heard INTEGER NOT NULL DEFAULT 0) STRICT";

impl Store {
    /// Has it written with the next commit how far a session of a run is, in the words of whoever runs it; nobody
    /// waits.
    pub fn tell_progress(&self, run: i64, session: i64, progress: String) {
        self.add_row(RunRow::Progress {
            run,
            session,
            progress,
        });
    }

    /// Returns how far a session of a run is, or was when it ended, if it has told.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn progress(&self, run: i64, session: i64) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            if !has_table(connection, "progress")? {
                return Ok(None);
            }
            let select = "SELECT progress FROM progress WHERE run = ?1 AND session = ?2";
            optional(connection.query_row(select, (run, session), |row| row.get(0)))
        })
    }

    /// Asks something of the session of a run that is under way; returns the number of what was asked.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such run, or that cannot be recorded.
    pub async fn ask_of_run(&self, run: i64, control: Control) -> Result<i64, StoreError> {
        let control = serde_json::to_string(&control).unwrap_or_default();
        self.write(move |connection| {
            connection.execute_batch(TABLE)?;
            let insert = "INSERT INTO controls (run, session, control) VALUES \
                (?1, (SELECT sessions FROM runs WHERE id = ?1), ?2)";
            connection.execute(insert, (run, control))?;
            Ok(connection.last_insert_rowid())
        })
        .await
    }

    /// Returns what was asked of a session of a run, the first first.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn asked_of_run(&self, run: i64, session: i64) -> Result<Vec<Asked>, StoreError> {
        self.read(|connection| {
            if !has_table(connection, "controls")? {
                return Ok(Vec::new());
            }
            let select = "SELECT id, control, is_heard FROM controls \
                WHERE run = ?1 AND session = ?2 ORDER BY id";
            let mut select = connection.prepare_cached(select)?;
            let rows = select.query_map((run, session), read)?;
            let rows: Vec<Option<Asked>> = rows.collect::<Result<_, _>>()?;
            Ok(rows.into_iter().flatten().collect())
        })
    }

    /// Takes note that the run has heard something, and all that was asked before it.
    pub fn heard(&self, asked: Asked, run: i64) {
        self.write_later(move |connection, _| heard(connection, asked.id, run));
    }
}

fn heard(connection: &Connection, id: i64, run: i64) -> Result<(), StoreError> {
    let update = "UPDATE controls SET is_heard = 1 WHERE run = ?1 AND id <= ?2";
    connection.prepare_cached(update)?.execute((run, id))?;
    Ok(())
}

/// Reads a row; `None` if a later version has asked what this one does not know.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<Asked>> {
    let control: String = row.get(1)?;
    let Ok(control) = serde_json::from_str(&control) else {
        return Ok(None);
    };
    Ok(Some(Asked {
        id: row.get(0)?,
        control,
        is_heard: row.get(2)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Again;

    #[tokio::test]
    async fn a_session_hears_what_was_asked_of_it_and_no_other() {
        let store = Store::in_memory().unwrap();
        let run = store
            .begin_run([1; 32], "job".to_owned(), Again::Same)
            .await
            .unwrap();
        assert_eq!(store.asked_of_run(run.id, 1).unwrap(), []);
        let two = NonZeroUsize::new(2).unwrap();
        for control in [Control::Pause, Control::Concurrency(two)] {
            store.ask_of_run(run.id, control).await.unwrap();
        }
        let asked = store.asked_of_run(run.id, 1).unwrap();
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[1].control, Control::Concurrency(two));
        store.heard(asked[0], run.id);
        store.flush().await.unwrap();
        let asked = store.asked_of_run(run.id, 1).unwrap();
        assert_eq!([true, false], [asked[0].is_heard, asked[1].is_heard]);
        // What was asked of the session before says nothing to the next, nor what it told.
        let progress = |session| store.progress(run.id, session).unwrap();
        assert_eq!(progress(1), None);
        for told in ["some", "more"] {
            store.tell_progress(run.id, 1, told.to_owned());
        }
        store.go_on_with(run.id).await.unwrap();
        assert_eq!((progress(1).as_deref(), progress(2)), (Some("more"), None));
        assert_eq!(store.asked_of_run(run.id, 2).unwrap(), []);
        assert!(store.ask_of_run(7, Control::Stop).await.is_err());
    }
}
