//! The tables of a shared store, and what turns those of an older version into them.
//!
//! They are made by the first who may: two processes that begin at once wait for each other, and a user without
//! the right to make tables can use those that are there.
//!
//! Who has waited looks again in a transaction that begins after that. One that began before would not see the
//! tables that were made meanwhile: its session remembers a name that it has not found until a transaction
//! begins, and where transactions are to repeat what they read, its rows are those of its beginning, too.

use sqlx::{Connection, PgConnection};

use crate::error::{SharedError, SharedErrorKind};

/// What makes the tables of each version out of those of the version before.
const STEPS: [&str; 1] = [include_str!("schema.sql")];

/// The number of the lock that is held while tables are made: "pattern", as bytes.
const MAKING: i64 = 0x0070_6174_7465_726e;

/// Makes the tables, or brings them up to date.
pub(crate) async fn migrate(
    connection: &mut PgConnection,
    shown: &str,
    may_write: bool,
) -> Result<(), SharedError> {
    let said = |error: sqlx::Error| SharedError::of(shown, &error);
    if is_current(version(connection).await.map_err(said)?, shown)? {
        return Ok(());
    }
    if !may_write {
        let words = format!("{shown}: it is no store: nothing was ever recorded in it");
        return Err(SharedError::new(SharedErrorKind::NotAStore, words));
    }
    // After an error the connection is closed, and the lock ends with it.
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(MAKING);
    lock.execute(&mut *connection).await.map_err(said)?;
    // Somebody else may have made them meanwhile.
    let found = version(connection).await.map_err(said)?;
    if !is_current(found, shown)? {
        make(connection, found).await.map_err(said)?;
    }
    let unlock = sqlx::query("SELECT pg_advisory_unlock($1)").bind(MAKING);
    unlock.execute(connection).await.map_err(said)?;
    Ok(())
}

/// Makes the tables out of those of a version, all at once.
async fn make(connection: &mut PgConnection, found: i32) -> Result<(), sqlx::Error> {
    let mut making = connection.begin().await?;
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        sqlx::raw_sql(step).execute(&mut *making).await?;
    }
    sqlx::raw_sql("DELETE FROM patterns_store")
        .execute(&mut *making)
        .await?;
    let insert = sqlx::query("INSERT INTO patterns_store (version) VALUES ($1)");
    insert.bind(current()).execute(&mut *making).await?;
    making.commit().await
}

/// Returns the version that is there; 0 if there is none.
async fn version(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let select = "SELECT to_regclass('patterns_store') IS NOT NULL";
    let is_there: bool = sqlx::query_scalar(select)
        .fetch_one(&mut *connection)
        .await?;
    if !is_there {
        return Ok(0);
    }
    let select = "SELECT coalesce(max(version), 0) FROM patterns_store";
    sqlx::query_scalar(select).fetch_one(connection).await
}

fn is_current(found: i32, shown: &str) -> Result<bool, SharedError> {
    if found > current() {
        let words = format!(
            "{shown}: it is no store of this version: its version is {found}, and this program knows {}",
            current()
        );
        return Err(SharedError::new(SharedErrorKind::NotAStore, words));
    }
    Ok(found == current())
}

fn current() -> i32 {
    i32::try_from(STEPS.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_a_newer_version_are_left_alone() {
        assert!(is_current(current(), "x").unwrap());
        assert!(!is_current(0, "x").unwrap());
        let error = is_current(current() + 1, "x").unwrap_err();
        assert_eq!(error.kind(), SharedErrorKind::NotAStore);
    }
}
