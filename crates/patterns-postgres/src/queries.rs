//! What is asked of the database about a call: find its answer, keep one, take one out of use.

use patterns_core::CallKey;
use patterns_store::{CallStatus, Record};
use sqlx::PgPool;
use sqlx::postgres::PgRow;

use crate::row::{self, SELECT};

/// How often it is tried to write what others change at the same time.
const TRIES: usize = 5;

/// Finds the row of an answer.
pub(crate) async fn find(pool: &PgPool, key: &CallKey) -> Result<Option<PgRow>, sqlx::Error> {
    let sql = format!("{SELECT} WHERE key = $1 AND status = 'answered'");
    let select = sqlx::query(&sql).bind(key.as_bytes().as_slice());
    select.fetch_optional(pool).await
}

/// Writes a call. If there is another answer to it, that is returned, and this one is kept for its cost.
pub(crate) async fn record(
    pool: &PgPool,
    record: &Record,
    shown: &str,
) -> Result<Option<PgRow>, sqlx::Error> {
    for _ in 0..TRIES {
        let written = row::insert(record, record.status).execute(pool).await?;
        if written.rows_affected() > 0 {
            return Ok(None);
        }
        let Some(first) = find(pool, &record.key).await? else {
            // It was taken out of use meanwhile.
            continue;
        };
        let is_same =
            row::read(&first, shown).is_ok_and(|it| row::is_same(&it.response, &record.response));
        if !is_same && record.response.usage.attempts > 0 {
            row::insert(record, CallStatus::Superseded)
                .execute(pool)
                .await?;
        }
        return Ok((!is_same).then_some(first));
    }
    Ok(None)
}

/// Writes a call; an answer takes the place of the one that is there.
pub(crate) async fn replace(pool: &PgPool, record: &Record) -> Result<(), sqlx::Error> {
    for _ in 0..TRIES {
        let mut writing = pool.begin().await?;
        if record.status == CallStatus::Answered {
            set_status(CallStatus::Superseded, &[record.key])
                .execute(&mut *writing)
                .await?;
        }
        let written = row::insert(record, record.status)
            .execute(&mut *writing)
            .await?;
        if written.rows_affected() > 0 {
            return writing.commit().await;
        }
        // Another process has replaced it at the same time.
        writing.rollback().await?;
    }
    Ok(())
}

/// Takes answers out of use.
pub(crate) async fn disown(pool: &PgPool, keys: &[CallKey]) -> Result<(), sqlx::Error> {
    set_status(CallStatus::Disowned, keys).execute(pool).await?;
    Ok(())
}

fn set_status(
    status: CallStatus,
    keys: &[CallKey],
) -> sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments> {
    let keys: Vec<Vec<u8>> = keys.iter().map(|it| it.as_bytes().to_vec()).collect();
    let sql = "UPDATE patterns_calls SET status = $1 WHERE key = ANY($2) AND status = 'answered'";
    sqlx::query(sql).bind(status.name()).bind(keys)
}
