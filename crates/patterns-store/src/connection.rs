//! Opens the file: its folder, permissions, settings and version.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{StoreError, StoreErrorKind};
use crate::lock_file::{LockFile, private};

/// Says in the head of the file that it is ours: "patt".
const APPLICATION: i64 = 0x7061_7474;

/// The version of the tables.
const VERSION: i64 = 4;

/// What turns the tables of version 1 into those of version 2.
const TO_2: &str = "ALTER TABLE runs ADD COLUMN in_flight INTEGER NOT NULL DEFAULT 0; \
    ALTER TABLE runs ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;";

/// What turns the tables of version 2 into those of version 3.
const TO_3: &str = "CREATE TABLE traces (run INTEGER PRIMARY KEY, trace TEXT NOT NULL) STRICT;";

/// What turns the tables of version 3 into those of version 4. What was under way is lost: whoever
/// opens the store of a run that goes on has the same version.
const TO_4: &str = "ALTER TABLE runs ADD COLUMN account TEXT; \
    UPDATE runs SET lost = lost + in_flight; \
    ALTER TABLE runs DROP COLUMN in_flight; \
    CREATE TABLE removed (run INTEGER NOT NULL, model INTEGER NOT NULL REFERENCES models, \
    calls INTEGER NOT NULL, attempts INTEGER NOT NULL, input_tokens INTEGER NOT NULL, \
    cached_input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, \
    reasoning_tokens INTEGER NOT NULL, PRIMARY KEY (run, model)) STRICT; \
    CREATE TABLE identity (id BLOB NOT NULL) STRICT; \
    INSERT INTO identity (id) VALUES (randomblob(16));";

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

/// How often somebody who waits for a turn looks again.
const LOOK: Duration = Duration::from_millis(5);

/// Opens a store, made now if there is none.
pub(crate) fn open(path: &Path, durability: Durability) -> Result<Connection, StoreError> {
    prepare_folder(path)?;
    // SQLite does not wait for its turn to change the journal mode of a file that is new.
    let _turn = turn(path)?;
    prepare_file(path)?;
    check_owner(path)?;
    let connection = Connection::open(path)?;
    set_up(&connection, durability)?;
    Ok(connection)
}

/// Opens a store that is there, for reading only; `None` if it is of an older version.
pub(crate) fn open_to_read(path: &Path) -> Result<Option<Connection>, StoreError> {
    check_owner(path)?;
    let connection = read_only(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(32);
    let (application, version) = numbers(&connection)?;
    match (application, version) {
        (APPLICATION, VERSION) => Ok(Some(connection)),
        // Bringing it up to date says what else may be wrong.
        _ => Ok(None),
    }
}

/// Opens a file without changing it. Where its folder cannot be written to, SQLite cannot make the
/// files that tell it of writers; without a log to read there is nobody who writes.
fn read_only(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let error = match numbers(&connection) {
        Ok(_) => return Ok(connection),
        Err(error) => error,
    };
    let log = beside(path, "-wal");
    let is_at_rest = fs::metadata(log).map_or(true, |it| it.len() == 0);
    if error.kind() != StoreErrorKind::Io || !is_at_rest {
        return Err(error);
    }
    let flags = flags | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(at_rest(path), flags)?)
}

/// Returns the address of a file that nobody writes to.
fn at_rest(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            it if it.is_ascii_alphanumeric() => uri.push(char::from(*it)),
            it => uri.push_str(&format!("%{it:02X}")),
        }
    }
    uri + "?immutable=1"
}

/// Says that a store is of an older version and stays so.
pub(crate) fn too_old() -> Result<Connection, StoreError> {
    Err(StoreError::new(
        StoreErrorKind::NotAStore,
        "it is of an older version and cannot be brought up to date",
    ))
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
    match numbers(connection)? {
        (APPLICATION, VERSION) => Ok(()),
        (APPLICATION, older @ 1..VERSION) => {
            for (version, step) in [(2, TO_2), (3, TO_3), (4, TO_4)] {
                if older < version {
                    connection.execute_batch(step)?;
                }
            }
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

/// Returns the numbers that say whose file it is, and of which version.
fn numbers(connection: &Connection) -> Result<(i64, i64), StoreError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    Ok((number("application_id")?, number("user_version")?))
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
    let mut options = OpenOptions::new();
    private(options.create_new(true).write(true));
    match options.open(folder.join(".gitignore")) {
        Ok(mut file) => Ok(io::Write::write_all(&mut file, b"*\n")?),
        // Another process was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Makes the file, for its owner only; SQLite gives its helper files the same permissions.
///
/// A file that is there is not touched: closing it would end the locks that this process holds on it.
fn prepare_file(path: &Path) -> Result<(), StoreError> {
    let made = private(OpenOptions::new().create_new(true).append(true)).open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Refuses a file that somebody else could have written: what is in it is given out as answers, and
/// typed again as commands.
#[cfg(unix)]
fn check_owner(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt;
    let there = fs::metadata(path)?;
    match not_ours(there.uid(), nix::unistd::geteuid().as_raw(), there.mode()) {
        Some(detail) => Err(StoreError::new(StoreErrorKind::Exposed, detail)),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_owner(path: &Path) -> Result<(), StoreError> {
    fs::metadata(path)?;
    Ok(())
}

/// Says why a file may have been written by somebody else than `user`.
#[cfg(unix)]
fn not_ours(owner: u32, user: u32, mode: u32) -> Option<String> {
    if owner != user {
        return Some(format!(
            "it belongs to user {owner}, and this is user {user}"
        ));
    }
    let mode = mode & 0o777;
    (mode & 0o022 != 0).then(|| format!("others may write to it (its mode is {mode:04o})"))
}

/// Waits for the turn to open a store. Not for ever: nobody holds it for longer than an instant.
fn turn(path: &Path) -> Result<LockFile, StoreError> {
    let path = beside(path, ".opening");
    let mut left = PATIENCE;
    loop {
        if let Some(turn) = LockFile::try_take(&path)? {
            return Ok(turn);
        }
        let Some(less) = left.checked_sub(LOOK) else {
            let detail = format!("{} is locked by another process", path.display());
            return Err(StoreError::new(StoreErrorKind::Busy, detail));
        };
        left = less;
        std::thread::park_timeout(LOOK);
    }
}

/// Returns a path that differs in its end.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn a_file_that_others_could_have_written_is_not_ours() {
        use super::not_ours;
        for (owner, user, mode, expected) in [
            (7, 7, 0o600, None),
            (7, 7, 0o100644, None),
            (7, 7, 0o660, Some("its mode is 0660")),
            (7, 7, 0o602, Some("its mode is 0602")),
            (
                7,
                0,
                0o600,
                Some("it belongs to user 7, and this is user 0"),
            ),
        ] {
            let found = not_ours(owner, user, mode);
            assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
            let found = found.unwrap_or_default();
            assert!(found.contains(expected.unwrap_or_default()), "{found}");
        }
    }
}
