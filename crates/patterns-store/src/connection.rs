//! Opens the file: its folder, permissions, settings and version.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::{StoreError, StoreErrorKind};

/// Says in the head of the file that it is ours: "patt".
const APPLICATION: i64 = 0x7061_7474;

/// The version of the tables.
const VERSION: i64 = 3;

/// What turns the tables of version 1 into those of version 2.
const TO_2: &str = "ALTER TABLE runs ADD COLUMN in_flight INTEGER NOT NULL DEFAULT 0; \
    ALTER TABLE runs ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;";

/// What turns the tables of version 2 into those of version 3.
const TO_3: &str = "CREATE TABLE traces (run INTEGER PRIMARY KEY, trace TEXT NOT NULL) STRICT;";

/// How long another process may be writing.
const PATIENCE: Duration = Duration::from_secs(30);

/// What survives what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A recorded answer survives the end of the process, by `kill -9` too, and of the operating
    /// system unless power is lost.
    Process,
    /// A recorded answer also survives the loss of power, as far as the disk keeps its word.
    #[default]
    Power,
}

/// Opens a store, made now if there is none.
pub(crate) fn open(path: &Path, durability: Durability) -> Result<Connection, StoreError> {
    prepare_folder(path)?;
    // SQLite does not wait for its turn to change the journal mode of a file that is new.
    let turn = turn(path)?;
    turn.lock()?;
    prepare_file(path)?;
    let connection = Connection::open(path)?;
    set_up(&connection, durability)?;
    Ok(connection)
}

/// Makes a store that ends with its process.
pub(crate) fn in_memory() -> Result<Connection, StoreError> {
    let connection = Connection::open_in_memory()?;
    set_up(&connection, Durability::Process)?;
    Ok(connection)
}

fn set_up(connection: &Connection, durability: Durability) -> Result<(), StoreError> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(32);
    // Both return a row that says what they are now.
    let ignore = |_: &rusqlite::Row<'_>| Ok(());
    connection.query_row("PRAGMA journal_mode = WAL", [], ignore)?;
    let synchronous = match durability {
        Durability::Process => "NORMAL",
        Durability::Power => "FULL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    migrate(connection)
}

fn migrate(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let result = make_tables(connection);
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    connection.execute_batch(end)?;
    result
}

fn make_tables(connection: &Connection) -> Result<(), StoreError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    match (application, version) {
        (APPLICATION, VERSION) => Ok(()),
        (APPLICATION, older @ (1 | 2)) => {
            if older == 1 {
                connection.execute_batch(TO_2)?;
            }
            connection.execute_batch(TO_3)?;
            connection.pragma_update(None, "user_version", VERSION)?;
            Ok(())
        }
        (0, 0) if is_empty(connection)? => {
            connection.execute_batch(include_str!("schema.sql"))?;
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

fn is_empty(connection: &Connection) -> Result<bool, StoreError> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}

/// Makes the folder, for its owner only, and keeps version control out of it.
fn prepare_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) else {
        return Ok(());
    };
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)?;
    fs::write(folder.join(".gitignore"), "*\n")?;
    Ok(())
}

/// Makes the file, for its owner only; SQLite gives its helper files the same permissions.
///
/// A file that is there is not touched: closing it would end the locks that this process holds on it.
fn prepare_file(path: &Path) -> Result<(), StoreError> {
    let made = owned(OpenOptions::new().create_new(true).append(true)).open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Opens the file whose lock says who may open the store.
fn turn(path: &Path) -> io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".opening");
    let mut options = OpenOptions::new();
    owned(options.create(true).truncate(false).write(true)).open(name)
}

/// Makes new files their owner's only.
fn owned(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}
