//! What a store has seen of models: how much they write, how long they take, and how often they were asked
//! again.

use std::collections::BTreeMap;
use std::time::Duration;

use patterns_core::Usage;
use rusqlite::Connection;

use crate::Store;
use crate::error::StoreError;
use crate::record::{ALL_CALLS, MOST, usage_of, usage_sums};

/// What a store has seen of models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Experience {
    /// What all calls to a model have used, by its name.
    pub models: BTreeMap<String, Usage>,
    /// What the latest answers were like, by what they were for (the name of a role) and the model.
    pub answers: BTreeMap<(String, String), Answers>,
    /// How many calls a minute were answered in the latest session in which most waited for the rate that is
    /// allowed, by the model.
    pub rates: BTreeMap<String, u64>,
    /// How often an answer was rejected and the model asked again.
    pub reasks: u64,
}

/// What answers of one kind were like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// How many there were.
    pub count: u64,
    /// How long one took on average: its last attempt, without what it waited for.
    pub took: Duration,
    /// How many tokens one had on average.
    pub output_tokens: u64,
}

/// So many of the latest calls are looked at; older ones say little of today.
const LATEST: u32 = 5_000;

/// So many calls that waited so long for the rate say what it is, if they are most of a session that took so
/// long (microseconds).
const WAITED: (u32, u32, u32) = (20, 500_000, 5_000_000);

impl Experience {
    /// Returns how many re-asks there were to each call that was none; 0 where nothing is known.
    pub fn reask_rate(&self) -> f64 {
        let calls: u64 = self.models.values().map(|it| it.calls).sum();
        match calls.saturating_sub(self.reasks) {
            0 => 0.0,
            firsts => self.reasks as f64 / firsts as f64,
        }
    }
}

impl Store {
    /// Returns what was seen of models in all runs.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn experience(&self) -> Result<Experience, StoreError> {
        let sums = format!(
            "SELECT name, {} FROM ({ALL_CALLS}) JOIN models ON models.id = model GROUP BY name",
            usage_sums()
        );
        let reasks = "SELECT count(*) FROM notes WHERE event LIKE '%\"event\":\"answer_rejected\"%' \
            AND event LIKE '%\"will_reask\":true%'";
        self.read(|connection| {
            let mut select = connection.prepare(&sums)?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, usage_of(row, 1)?)))?;
            let reasks: i64 = connection.query_row(reasks, [], |row| row.get(0))?;
            Ok(Experience {
                models: rows.collect::<Result<_, _>>()?,
                answers: answers(connection)?,
                rates: rates(connection)?,
                reasks: reasks.cast_unsigned(),
            })
        })
    }
}

/// Reads at which rate calls were answered where most waited for it; the third of an attempt's numbers is that wait.
fn rates(connection: &Connection) -> Result<BTreeMap<String, u64>, StoreError> {
    let (fewest, waited, shortest) = WAITED;
    let latest = format!(
        "SELECT run, session, model, began + took AS ended, \
         iif(json_valid(more), more ->> '$.a[#-1][2]', NULL) AS waited \
         FROM run_calls WHERE ending = 0 ORDER BY run DESC, number DESC LIMIT {LATEST}"
    );
    let rates = format!(
        "SELECT name, CAST((count(*) - 1) * 60000000.0 / (max(ended) - min(ended)) AS INTEGER) \
         FROM ({latest}) AS latest JOIN models ON models.id = latest.model GROUP BY run, session, name \
         HAVING sum(waited >= {waited}) >= max({fewest}, count(*) / 2) \
         AND max(ended) - min(ended) >= {shortest} ORDER BY run, session"
    );
    let mut select = connection.prepare(&rates)?;
    let number = |row: &rusqlite::Row<'_>| row.get(1).map(i64::cast_unsigned);
    let rows = select.query_map([], |row| Ok((row.get(0)?, number(row)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads what the latest answers were like; the seventh of an attempt's numbers is its time on the network.
fn answers(connection: &Connection) -> Result<BTreeMap<(String, String), Answers>, StoreError> {
    let latest = format!(
        "SELECT run, session, branch, model, call, \
         iif(json_valid(more), more ->> '$.a[#-1][6]', NULL) AS took \
         FROM run_calls WHERE ending = 0 ORDER BY run DESC, number DESC LIMIT {LATEST}"
    );
    let means = format!(
        "SELECT role, name, count(*), CAST(avg(took) AS INTEGER), \
         CAST(coalesce(avg(min(output_tokens, {MOST})), 0) AS INTEGER) FROM ({latest}) AS latest \
         JOIN branches USING (run, session, branch) JOIN models ON models.id = latest.model \
         LEFT JOIN calls ON calls.id = call WHERE took IS NOT NULL GROUP BY role, name"
    );
    let mut select = connection.prepare(&means)?;
    let rows = select.query_map([], |row| {
        let number = |column| row.get(column).map(i64::cast_unsigned);
        let answers = Answers {
            count: number(2)?,
            took: Duration::from_micros(number(3)?),
            output_tokens: number(4)?,
        };
        Ok(((row.get(0)?, row.get(1)?), answers))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
