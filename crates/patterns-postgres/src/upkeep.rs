//! The upkeep of a shared store: what is in it, whether it is whole, what can go, and moving it.

use std::io::{BufRead, Write};
use std::time::Duration;

use futures_util::TryStreamExt;
use patterns_core::Usage;
use patterns_store::{CallStatus, Garbage, Health, Record, Stats};
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::error::{SharedError, SharedErrorKind};
use crate::row::{self, SELECT};
use crate::shared_store::SharedStore;

/// Which calls go; the parameter is the age in seconds, if there is one.
const GARBAGE: &str = "(status <> 'answered' OR at <= now() - make_interval(secs => $1::float8))";

const COUNTS: &str = "attempts, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens";

/// Returns the SQL that applies something to each of the counts.
fn each(apply: impl Fn(&str) -> String) -> String {
    let counts: Vec<String> = COUNTS.split(", ").map(apply).collect();
    counts.join(", ")
}

/// A sum of whole numbers has no bound in Postgres, and a column has.
fn sum(of: &str) -> String {
    format!("least(coalesce(sum({of}), 0), 9000000000000000)::bigint AS {of}")
}

/// Returns the SQL that removes calls and keeps what they have cost.
fn removing() -> String {
    let sums = each(sum);
    let added = each(|it| format!("{it} = patterns_removed.{it} + excluded.{it}"));
    format!(
        "WITH gone AS (DELETE FROM patterns_calls WHERE {GARBAGE} RETURNING status, model, {COUNTS}), \
         kept AS (INSERT INTO patterns_removed (model, calls, {COUNTS}) \
         SELECT model, count(*), {sums} FROM gone GROUP BY model \
         ON CONFLICT (model) DO UPDATE SET calls = patterns_removed.calls + excluded.calls, {added}) \
         SELECT count(*) FILTER (WHERE status <> 'answered') AS unusable, \
         count(*) FILTER (WHERE status = 'answered') AS old FROM gone"
    )
}

fn seconds(older_than: Option<Duration>) -> Option<f64> {
    // Nothing is older than a thousand years.
    older_than.map(|it| it.as_secs_f64().min(3.2e10))
}

fn count(row: &PgRow, name: &str) -> Result<u64, sqlx::Error> {
    row.try_get::<i64, _>(name).map(i64::cast_unsigned)
}

fn garbage_of(row: &PgRow) -> Result<Garbage, sqlx::Error> {
    Ok(Garbage {
        unusable: count(row, "unusable")?,
        old: count(row, "old")?,
    })
}

impl SharedStore {
    /// Returns what is in it; it has no runs and no prompts.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub async fn stats(&self) -> Result<Stats, SharedError> {
        self.stats_now().await.map_err(|error| self.said(&error))
    }

    async fn stats_now(&self) -> Result<Stats, sqlx::Error> {
        let pool = &self.0.pool;
        let mut stats = Stats {
            calls: CallStatus::ALL.map(|it| (it.name(), 0)).into(),
            ..Stats::default()
        };
        let select = "SELECT status, count(*) AS n FROM patterns_calls GROUP BY status";
        for row in sqlx::query(select).fetch_all(pool).await? {
            let status: &str = row.try_get("status")?;
            let n = count(&row, "n")?;
            let mut calls = stats.calls.iter_mut();
            if let Some((_, known)) = calls.find(|it| *it.0 == status) {
                *known = n;
            }
        }
        let select = format!(
            "SELECT sum(calls)::bigint AS calls, {} FROM (SELECT 1 AS calls, {COUNTS} FROM patterns_calls \
             UNION ALL SELECT calls, {COUNTS} FROM patterns_removed) AS calls",
            each(sum)
        );
        let row = sqlx::query(&select).fetch_one(pool).await?;
        stats.usage = Usage {
            calls: row
                .try_get::<Option<i64>, _>("calls")?
                .map_or(0, i64::cast_unsigned),
            attempts: count(&row, "attempts")?,
            input_tokens: count(&row, "input_tokens")?,
            cached_input_tokens: count(&row, "cached_input_tokens")?,
            output_tokens: count(&row, "output_tokens")?,
            reasoning_tokens: count(&row, "reasoning_tokens")?,
            ..Usage::default()
        };
        let select = "SELECT pg_total_relation_size('patterns_calls') AS bytes";
        stats.bytes = count(&sqlx::query(select).fetch_one(pool).await?, "bytes")?;
        Ok(stats)
    }

    /// Reads everything and compares it with what was written.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read at all.
    pub async fn verify(&self) -> Result<Health, SharedError> {
        let mut health = Health::default();
        let look = |read: Result<Record, SharedError>| {
            match read {
                Ok(_) => health.good += 1,
                Err(error) => health.damage.push(error.to_string()),
            }
            Ok(())
        };
        self.each_row(look).await?;
        Ok(health)
    }

    /// Returns what [`collect_garbage`](Self::collect_garbage) would remove.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub async fn garbage(&self, older_than: Option<Duration>) -> Result<Garbage, SharedError> {
        let select = format!(
            "SELECT count(*) FILTER (WHERE status <> 'answered') AS unusable, \
             count(*) FILTER (WHERE status = 'answered') AS old FROM patterns_calls WHERE {GARBAGE}"
        );
        let query = sqlx::query(&select).bind(seconds(older_than));
        let row = query.fetch_one(&self.0.pool).await;
        row.and_then(|it| garbage_of(&it))
            .map_err(|error| self.said(&error))
    }

    /// Removes calls that are never given out again, and, if `older_than` is given, answers that were recorded
    /// before that. What they have cost stays known; Postgres gives the room back by itself, in time.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be done; then all of it is there.
    pub async fn collect_garbage(
        &self,
        older_than: Option<Duration>,
    ) -> Result<Garbage, SharedError> {
        let sql = removing();
        let query = sqlx::query(&sql).bind(seconds(older_than));
        let row = query.fetch_one(&self.0.pool).await;
        row.and_then(|it| garbage_of(&it))
            .map_err(|error| self.said(&error))
    }

    /// Writes all records, the oldest first, as [`Store::export`](patterns_store::Store::export) does, and
    /// returns how many.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be read or written.
    pub async fn export(&self, mut to: impl Write) -> Result<u64, SharedError> {
        let mut count = 0;
        self.each_row(|read| {
            writeln!(to, "{}", read?.to_line()).map_err(|error| not_moved(&error))?;
            count += 1;
            Ok(())
        })
        .await?;
        to.flush().map_err(|error| not_moved(&error))?;
        Ok(count)
    }

    /// Takes in answers that [`export`](Self::export) has written, or that of a store of one's own, and returns
    /// how many. Calls that have an answer here keep it.
    ///
    /// # Errors
    ///
    /// Returns an error if a line is not valid; those before it stay.
    pub async fn import(&self, from: impl BufRead) -> Result<u64, SharedError> {
        let mut count = 0;
        for (n, line) in from.lines().enumerate() {
            let line = line.map_err(|error| not_moved(&error))?;
            if line.trim().is_empty() {
                continue;
            }
            let record = Record::of_line(n + 1, &line).map_err(|error| {
                SharedError::new(SharedErrorKind::InvalidRecord, error.to_string())
            })?;
            if record.status != CallStatus::Answered {
                continue;
            }
            let written = row::insert(&record, record.status).execute(&self.0.pool);
            count += written
                .await
                .map_err(|error| self.said(&error))?
                .rows_affected();
        }
        Ok(count)
    }

    /// Reads all rows, one after the other.
    async fn each_row(
        &self,
        mut take: impl FnMut(Result<Record, SharedError>) -> Result<(), SharedError>,
    ) -> Result<(), SharedError> {
        let select = format!("{SELECT} ORDER BY id");
        let mut rows = sqlx::query(&select).fetch(&self.0.pool);
        while let Some(row) = rows.try_next().await.map_err(|error| self.said(&error))? {
            take(row::read(&row, self.shown()))?;
        }
        Ok(())
    }

    fn said(&self, error: &sqlx::Error) -> SharedError {
        SharedError::of(self.shown(), error)
    }
}

/// Says that a file, and not the database, failed.
fn not_moved(error: &std::io::Error) -> SharedError {
    SharedError::new(
        SharedErrorKind::File,
        format!("records cannot be moved: {error}"),
    )
}
