//! What runs were planned to come to, and what came of them: how far estimates can be trusted.

use rusqlite::{OptionalExtension, Row};
use serde::Serialize;

use crate::Store;
use crate::error::StoreError;
use crate::versions::has_table;

/// What a run was planned to come to, in the words of whoever planned it, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// When it was planned, in seconds since 1970, UTC.
    pub at: i64,
    /// What was planned.
    pub plan: String,
    /// What came of it, once there is something.
    pub actual: Option<String>,
}

/// The table is made when the first plan is kept, so that stores without one are as they were.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS plans (identity BLOB PRIMARY KEY, \
    at INTEGER NOT NULL DEFAULT (unixepoch()), plan TEXT NOT NULL, actual TEXT) STRICT";

impl Planned {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            at: row.get(0)?,
            plan: row.get(1)?,
            actual: row.get(2)?,
        })
    }
}

impl Store {
    /// Keeps what a run of this identity is planned to come to, in place of an older plan.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be recorded.
    pub async fn keep_plan(&self, identity: [u8; 32], plan: String) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute_batch(TABLE)?;
            let insert = "INSERT OR REPLACE INTO plans (identity, plan) VALUES (?1, ?2)";
            connection.execute(insert, (identity, plan))?;
            Ok(())
        })
        .await
    }

    /// Keeps what came of the run of this identity, if it was planned.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be recorded.
    pub async fn end_plan(&self, identity: [u8; 32], actual: String) -> Result<(), StoreError> {
        self.write(move |connection| {
            if has_table(connection, "plans")? {
                let update = "UPDATE plans SET actual = ?2 WHERE identity = ?1";
                connection.execute(update, (identity, actual))?;
            }
            Ok(())
        })
        .await
    }

    /// Returns the latest plans that something came of, as many as are wanted at most, the latest first.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be read.
    pub fn ended_plans(&self, most: u32) -> Result<Vec<Planned>, StoreError> {
        self.read(|connection| {
            if !has_table(connection, "plans")? {
                return Ok(Vec::new());
            }
            let select = "SELECT at, plan, actual FROM plans WHERE actual IS NOT NULL \
                ORDER BY at DESC, rowid DESC LIMIT ?1";
            let mut select = connection.prepare(select)?;
            let rows = select.query_map([most], Planned::read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns the plan of a run by its identity, if there is one.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn planned(&self, identity: &[u8; 32]) -> Result<Option<Planned>, StoreError> {
        self.read(|connection| {
            if !has_table(connection, "plans")? {
                return Ok(None);
            }
            let select = "SELECT at, plan, actual FROM plans WHERE identity = ?1";
            let found = connection.query_row(select, [identity], Planned::read);
            Ok(found.optional()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_plan_is_kept_with_what_came_of_it() {
        let store = Store::in_memory().unwrap();
        let identity = [7; 32];
        assert_eq!(store.planned(&identity).unwrap(), None);
        store
            .end_plan(identity, "nothing".to_owned())
            .await
            .unwrap();
        store.keep_plan(identity, "old".to_owned()).await.unwrap();
        store.keep_plan(identity, "plan".to_owned()).await.unwrap();
        store.end_plan(identity, "actual".to_owned()).await.unwrap();
        let planned = store.planned(&identity).unwrap().unwrap();
        assert_eq!(
            (&*planned.plan, planned.actual.as_deref()),
            ("plan", Some("actual"))
        );
        assert_eq!(store.planned(&[8; 32]).unwrap(), None);
        store.keep_plan([9; 32], "later".to_owned()).await.unwrap();
        assert_eq!(store.ended_plans(9).unwrap(), [planned]);
        store.end_plan([9; 32], "too".to_owned()).await.unwrap();
        let latest = store.ended_plans(1).unwrap();
        assert_eq!(latest[0].plan, "later");
    }
}
