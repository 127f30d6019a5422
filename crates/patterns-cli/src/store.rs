//! Opens stores, and says what is wrong with them.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use patterns_job::{StoreMode, StorePart};
use patterns_store::{Durability, Store, StoreError, StoreErrorKind, nearest};

use crate::args::DEFAULT_STORE;
use crate::error::{Error, ErrorKind};
use crate::shared_store::is_address;
use crate::terminal::Terminal;
use crate::trust;

/// Opens the store that a run is to use; `None` if it is to use none.
///
/// # Errors
///
/// Returns an error if it cannot be used.
pub(crate) fn open_store(
    part: &StorePart,
    is_paid: bool,
    terminal: Terminal,
) -> Result<Option<Store>, Error> {
    let is_read_only = part.mode == StoreMode::ReadOnly;
    let path = match &part.file {
        _ if part.mode == StoreMode::None => return Ok(None),
        Some(path) => path.clone(),
        None if is_paid || is_read_only => usual(),
        None => return Ok(None),
    };
    if is_read_only && part.shared.is_some() && !path.exists() {
        // What is not shared is nowhere.
        return Store::in_memory().map(Some).map_err(refused);
    }
    if is_read_only {
        return open_to_read(&path).map(Some);
    }
    let is_new = !path.exists();
    let store = open_to_write(&path, part.durability, terminal)?;
    if is_new {
        trust::remember(&store.id().map_err(refused)?);
    }
    Ok(Some(store))
}

/// How long a store may take to be opened before a word is said about it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Opens a store, and makes it if there is none; says so if that takes long, as it does where somebody else
/// has it locked.
///
/// # Errors
///
/// Returns an error if it cannot be used.
pub(crate) fn open_to_write(
    path: &Path,
    durability: Durability,
    terminal: Terminal,
) -> Result<Store, Error> {
    let (done, opened) = channel::<()>();
    let words = format!(
        "{} is not open yet: another process has it locked, or its disk is slow; Ctrl-C ends this",
        path.display()
    );
    let wait = move || {
        if opened.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            terminal.note(&words);
        }
    };
    // Without it nothing is said.
    let _ = std::thread::Builder::new().spawn(wait);
    let store = Store::open(path, durability);
    drop(done);
    store.map_err(refused)
}

/// Returns the store of the working directory: the nearest one upwards, as git finds its own; where
/// there is none, the one that would be made here.
pub(crate) fn usual() -> PathBuf {
    let here = std::env::current_dir();
    let nearest = here
        .ok()
        .and_then(|it| nearest(&it, Path::new(DEFAULT_STORE)));
    nearest.unwrap_or_else(|| PathBuf::from(DEFAULT_STORE))
}

/// Says where a run is recorded, if that is a store of a folder above.
pub(crate) fn say_where(store: Option<&Store>, terminal: Terminal) {
    let file = store.and_then(Store::path);
    if let Some(file) = file.filter(|it| it.starts_with("..")) {
        terminal.note(&format!("recorded in {}", file.display()));
    }
}

/// Opens a store that is there, to look into it.
///
/// # Errors
///
/// Returns an error if there is none, or it cannot be used.
pub(crate) fn open_to_read(path: &Path) -> Result<Store, Error> {
    if is_address(path) {
        let message = "a shared store holds answers and what they cost, and no runs";
        return Err(Error::new(ErrorKind::Usage, message)
            .help("runs are in the store of whoever began them: --store FILE, or leave it out"));
    }
    if is_missing(path) {
        let message = format!("there is no store at {}", path.display());
        return Err(Error::new(ErrorKind::NoInput, message)
            .help("runs make one where they are begun (offline ones only at --store FILE); --store names another"));
    }
    Store::open_to_read(path).map_err(|error| {
        let error = refused(error);
        match error.kind() {
            // Who only looks cannot go without a store.
            ErrorKind::Io => error.help(
                "check the path and its permissions: a store is for its owner alone; --store names another",
            ),
            _ => error,
        }
    })
}

/// Returns whether there is nothing at all at a path: a link to what is not there is something.
pub(crate) fn is_missing(path: &Path) -> bool {
    matches!(path.try_exists(), Ok(false)) && !path.is_symlink()
}

/// Says what is wrong with a store.
pub(crate) fn refused(error: StoreError) -> Error {
    let path = error.path().map(|path| path.display().to_string());
    let path = path.unwrap_or_else(|| "the store".to_owned());
    let (kind, help) = match error.kind() {
        StoreErrorKind::NotAStore => (
            ErrorKind::BadData,
            "name another file with --store, or go without one: --no-store",
        ),
        StoreErrorKind::Exposed => (
            ErrorKind::BadData,
            "if it is yours, take it back with chmod go-w (or chown); else go without: --no-store",
        ),
        StoreErrorKind::Misled | StoreErrorKind::Damaged => (
            ErrorKind::BadData,
            "`patterns store verify` says what is damaged; move the file away to begin anew",
        ),
        StoreErrorKind::InvalidRecord => (ErrorKind::BadData, "mend or remove that line"),
        StoreErrorKind::Busy => (
            ErrorKind::TryLater,
            "try again when the other process is done",
        ),
        StoreErrorKind::Full => (ErrorKind::Io, "make room; what was recorded is kept"),
        _ => (
            ErrorKind::Io,
            "check the path and its permissions, or go without a store: --no-store",
        ),
    };
    Error::new(kind, format!("{path}: {error}"))
        .help(help)
        .caused_by(error)
}
