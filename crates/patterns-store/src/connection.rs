//! Opens the file: its folder, permissions and settings.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{StoreError, StoreErrorKind};
use crate::lock_file::{LockFile, private};
use crate::versions::{APPLICATION, VERSION, migrate, numbers};

/// How long another process may be writing.
const PATIENCE: Duration = Duration::from_secs(30);

/// What recorded answers survive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// A recorded answer survives the end of the process, by `kill -9` too, and of the operating
    /// system unless power is lost.
    Process,
    /// A recorded answer also survives the loss of power, as far as the disk keeps its word.
    #[default]
    Power,
}

/// How often somebody who waits for a turn looks again.
pub(crate) const LOOK: Duration = Duration::from_millis(5);

/// Returns the nearest file of that name, in a folder or one above it, as a path from that folder. Files
/// that somebody else owns or may write to are passed over.
pub fn nearest(folder: &Path, name: &Path) -> Option<PathBuf> {
    let mut way = PathBuf::new();
    for above in folder.ancestors() {
        let file = above.join(name);
        if file.is_file() && (above == folder || check_owner(&file).is_ok()) {
            return Some(way.join(name));
        }
        way.push("..");
    }
    None
}

/// Opens a store, made now if there is none.
pub(crate) fn open(path: &Path, durability: Durability) -> Result<Connection, StoreError> {
    prepare_folder(path)?;
    check_file(path)?;
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
    check_file(path)?;
    check_owner(path)?;
    let connection = read_only(path)?;
    prepare_once(&connection)?;
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

/// Has each statement prepared once. Without the guarantee that its plan is stable, SQLite prepares some anew
/// for whatever is bound to them, which took half the time of an answer that is found again.
fn prepare_once(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn set_up(connection: &Connection, durability: Durability) -> Result<(), StoreError> {
    prepare_once(connection)?;
    // Both return a row that says what they are now.
    let ignore = |_: &rusqlite::Row<'_>| Ok(());
    connection.query_row("PRAGMA journal_mode = WAL", [], ignore)?;
    let synchronous = match durability {
        Durability::Process => "NORMAL",
        Durability::Power => "FULL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Four times as many as usual: each commit writes the last page of each table again, and only the last of
    // these writes has to be copied.
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    migrate(connection)
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
    builder
        .create(folder)
        .map_err(|error| match folder.is_file() {
            true => {
                let detail = format!("{} is no directory", folder.display());
                StoreError::new(StoreErrorKind::Io, detail)
            }
            false => error.into(),
        })?;
    let mut options = OpenOptions::new();
    private(options.create_new(true).write(true));
    match options.open(folder.join(".gitignore")) {
        Ok(mut file) => Ok(io::Write::write_all(&mut file, b"*\n")?),
        // Another process was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Refuses what is there and no file: whoever opens a pipe waits for ever.
fn check_file(path: &Path) -> Result<(), StoreError> {
    let detail = match fs::metadata(path) {
        Ok(there) if there.is_file() => return Ok(()),
        Ok(there) if there.is_dir() => "it is a directory",
        Ok(_) => "it is a device, a pipe or the like, and no file",
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        Err(_) if path.is_symlink() => "it is a link to what is not there",
        Err(_) => return Ok(()),
    };
    Err(StoreError::new(StoreErrorKind::Io, detail))
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
    use rusqlite::StatementStatus;

    use super::*;
    use crate::record::SELECT;

    #[test]
    fn a_statement_is_prepared_once_whatever_is_bound_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let writer = open(&path, Durability::Power).unwrap();
        let reader = open_to_read(&path).unwrap().unwrap();
        for connection in [writer, reader] {
            let select = format!("{SELECT} WHERE calls.id = ?1");
            let mut select = connection.prepare(&select).unwrap();
            for id in 1..10 {
                assert!(!select.exists([id]).unwrap());
            }
            let again = select.get_status(StatementStatus::RePrepare);
            assert!(again <= 1, "prepared again {again} times");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_could_have_written_is_not_ours() {
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
