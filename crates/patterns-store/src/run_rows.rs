//! Rows about how runs go, until they are committed with what somebody waits for.
//!
//! They wait in one list that the writing thread takes with its next commit. Sent one by one, each would wake
//! that thread for a commit of its own, and cost more than the answer that it is about.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use patterns_core::StepRole;
use rusqlite::Connection;

use crate::Store;
use crate::branch_record::BranchEnding;
use crate::call_record::{AttemptRecord, More};
use crate::error::StoreError;
use crate::prompts::Prompts;
use crate::under_way::CallEnd;

/// So many rows are not left waiting for a commit of others.
const MANY: usize = 512;

/// How far the latest session of each run is. The table is made when a run tells it for the first time.
const PROGRESS: &str = "CREATE TABLE IF NOT EXISTS progress (run INTEGER PRIMARY KEY, \
    session INTEGER NOT NULL, progress TEXT NOT NULL) STRICT";

/// A branch of a session of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) run: i64,
    pub(crate) session: i64,
    pub(crate) branch: i64,
}

/// Something to be written about a run.
#[expect(
    clippy::large_enum_variant,
    reason = "a third of all rows are calls, and a box each would be freed by another thread"
)]
pub(crate) enum RunRow {
    BranchBegan {
        place: Place,
        role: StepRole,
        label: String,
        at: i64,
    },
    BranchEnded {
        place: Place,
        ending: BranchEnding,
        error: Option<&'static str>,
        at: i64,
    },
    CallEnded(CallRow),
    Progress {
        run: i64,
        session: i64,
        progress: String,
    },
}

/// A call that has ended.
pub(crate) struct CallRow {
    pub(crate) place: Place,
    pub(crate) number: i64,
    pub(crate) nth: u32,
    pub(crate) model: Arc<str>,
    pub(crate) began: i64,
    pub(crate) took: Duration,
    pub(crate) attempts: Vec<AttemptRecord>,
    pub(crate) end: CallEnd,
    pub(crate) more: More,
}

/// The rows that wait.
#[derive(Clone, Default)]
pub(crate) struct RunRows(Arc<Mutex<Vec<RunRow>>>);

impl RunRows {
    /// Adds a row; returns whether so many wait that they should be committed.
    pub(crate) fn add(&self, row: RunRow) -> bool {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.push(row);
        rows.len() == MANY
    }

    /// Returns whether any waits.
    pub(crate) fn is_waiting(&self) -> bool {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !rows.is_empty()
    }

    /// Returns what waits, to be written now.
    pub(crate) fn take(&self) -> Vec<RunRow> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store {
    /// Has a row written with the next commit; nobody waits.
    pub(crate) fn add_row(&self, row: RunRow) {
        if self.0.rows.add(row) {
            self.write_later(|_, _| Ok(()));
        }
    }

    /// Has what is known of how runs go written now, if any of it waits for the commit of something else, so
    /// that whoever follows a slow run sees it. Nobody waits.
    pub fn write_waiting(&self) {
        if self.0.rows.is_waiting() {
            self.write_later(|_, _| Ok(()));
        }
    }
}

impl RunRow {
    pub(crate) fn write(
        self,
        connection: &Connection,
        prompts: &mut Prompts,
    ) -> Result<(), StoreError> {
        match self {
            Self::BranchBegan {
                place:
                    Place {
                        run,
                        session,
                        branch,
                    },
                role,
                label,
                at,
            } => {
                let insert = "INSERT OR REPLACE INTO branches (run, session, branch, role, label, \
                    began) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
                let row = (run, session, branch, role.name(), label, at);
                connection.prepare_cached(insert)?.execute(row)?;
                Ok(())
            }
            Self::BranchEnded {
                place:
                    Place {
                        run,
                        session,
                        branch,
                    },
                ending,
                error,
                at,
            } => {
                let update = "UPDATE branches SET ended = ?4, ending = ?5, error = ?6 \
                    WHERE run = ?1 AND session = ?2 AND branch = ?3";
                let row = (run, session, branch, at, ending.number(), error);
                connection.prepare_cached(update)?.execute(row)?;
                Ok(())
            }
            Self::CallEnded(call) => call.write(connection, prompts),
            Self::Progress {
                run,
                session,
                progress,
            } => {
                connection.execute_batch(PROGRESS)?;
                let insert = "INSERT OR REPLACE INTO progress (run, session, progress) \
                    VALUES (?1, ?2, ?3)";
                let row = (run, session, progress);
                connection.prepare_cached(insert)?.execute(row)?;
                Ok(())
            }
        }
    }
}

impl CallRow {
    fn write(self, connection: &Connection, prompts: &mut Prompts) -> Result<(), StoreError> {
        let end = self.end;
        let asked = end.asked.map(|it| prompts.keep(connection, &it));
        let mut prompt = asked.transpose()?;
        if let (Some(row), Some(_)) = (end.row, prompt) {
            let update =
                "UPDATE calls SET prompt = ?3 WHERE id = ?1 AND key = ?2 AND prompt IS NULL";
            let mut update = connection.prepare_cached(update)?;
            update.execute((row.id, row.key.as_bytes(), prompt.take()))?;
        }
        let mut more = self.more.with_attempts(self.attempts);
        more.error = end.error;
        more.usage = end.usage.filter(|_| end.row.is_none());
        let insert = "INSERT INTO run_calls (run, number, session, branch, nth, model, began, \
            took, ending, call, prompt, cost, more) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, \
            (SELECT id FROM calls WHERE id = ?10 AND key = ?11), ?12, ?13, ?14)";
        connection.prepare_cached(insert)?.execute((
            self.place.run,
            self.number,
            self.place.session,
            self.place.branch,
            self.nth,
            prompts.model(connection, &self.model)?,
            self.began,
            i64::try_from(self.took.as_micros()).unwrap_or(i64::MAX >> 10),
            end.ending.number(),
            end.row.map(|it| it.id),
            end.row.as_ref().map(|it| it.key.as_bytes()),
            prompt,
            end.cost.map(|it| it.picodollars().cast_signed()),
            // Texts and numbers always have a written form.
            serde_json::to_string(&more).unwrap_or_default(),
        ))?;
        Ok(())
    }
}
