//! The tables of a store, and what turns those of an older version into them.

use rusqlite::Connection;

use crate::error::{StoreError, StoreErrorKind};

/// Says in the head of the file that it is ours: "patt".
pub(crate) const APPLICATION: i64 = 0x7061_7474;

/// The version of the tables.
pub(crate) const VERSION: i64 = 5;

/// What turns the tables of the version before into those of each version.
const STEPS: [(i64, &str); 4] = [(2, TO_2), (3, TO_3), (4, TO_4), (5, TO_5)];

const TO_2: &str = "ALTER TABLE runs ADD COLUMN in_flight INTEGER NOT NULL DEFAULT 0; \
    ALTER TABLE runs ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;";

const TO_3: &str = "CREATE TABLE traces (run INTEGER PRIMARY KEY, trace TEXT NOT NULL) STRICT;";

/// What was under way is lost: whoever opens the store of a run that goes on has the same version.
const TO_4: &str = "ALTER TABLE runs ADD COLUMN account TEXT; \
    UPDATE runs SET lost = lost + in_flight; \
    ALTER TABLE runs DROP COLUMN in_flight; \
    CREATE TABLE removed (run INTEGER NOT NULL, model INTEGER NOT NULL REFERENCES models, \
    calls INTEGER NOT NULL, attempts INTEGER NOT NULL, input_tokens INTEGER NOT NULL, \
    cached_input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, \
    reasoning_tokens INTEGER NOT NULL, PRIMARY KEY (run, model)) STRICT; \
    CREATE TABLE identity (id BLOB NOT NULL) STRICT; \
    INSERT INTO identity (id) VALUES (randomblob(16));";

/// What runs did before that is not known.
const TO_5: &str = concat!(
    "ALTER TABLE calls ADD COLUMN prompt INTEGER; ALTER TABLE runs ADD COLUMN estimate TEXT; ",
    include_str!("schema_of_runs.sql")
);

/// Makes the tables, or brings them up to date.
pub(crate) fn migrate(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let result = make_tables(connection);
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    connection.execute_batch(end)?;
    result
}

fn make_tables(connection: &Connection) -> Result<(), StoreError> {
    match numbers(connection)? {
        (APPLICATION, VERSION) => Ok(()),
        (APPLICATION, older @ 1..VERSION) => {
            for (version, step) in STEPS {
                if older < version {
                    connection.execute_batch(step)?;
                }
            }
            connection.pragma_update(None, "user_version", VERSION)?;
            Ok(())
        }
        (0, 0) if is_empty(connection)? => {
            connection.execute_batch(include_str!("schema.sql"))?;
            connection.execute_batch(include_str!("schema_of_runs.sql"))?;
            connection.pragma_update(None, "application_id", APPLICATION)?;
            connection.pragma_update(None, "user_version", VERSION)?;
            Ok(())
        }
        (APPLICATION, newer) => Err(StoreError::new(
            StoreErrorKind::NotAStore,
            format!("its version is {newer}, and this program knows {VERSION}"),
        )),
        _ => Err(StoreError::new(
            StoreErrorKind::NotAStore,
            "it is a database of some other program",
        )),
    }
}

/// Returns the numbers that say whose file it is, and of which version.
pub(crate) fn numbers(connection: &Connection) -> Result<(i64, i64), StoreError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    Ok((number("application_id")?, number("user_version")?))
}

/// Returns whether a table is there that is made when it is first needed.
pub(crate) fn has_table(connection: &Connection, name: &str) -> Result<bool, StoreError> {
    let select = "SELECT count(*) FROM sqlite_schema WHERE name = ?1";
    let mut select = connection.prepare_cached(select)?;
    let count: i64 = select.query_row([name], |row| row.get(0))?;
    Ok(count > 0)
}

fn is_empty(connection: &Connection) -> Result<bool, StoreError> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}
