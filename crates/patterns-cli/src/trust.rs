//! What was made here, and what its user has looked at. A store has the jobs of its runs, and `resume`
//! runs them again, with the user's key and files; the file of a project may say where inputs and keys
//! go. So what comes out of a download, an archive or a clone is asked about first. The numbers of stores
//! that this user has made, or was asked about, and the digests of project files that were trusted are
//! kept in the user's own state directory, which nobody downloads.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The stores that were made here or are trusted.
const STORES: &str = "stores";

/// The project files that are trusted.
const PROJECTS: &str = "projects";

/// The jobs in files that are trusted.
const JOBS: &str = "jobs";

/// Returns whether a store was made here or is trusted; `None` if there is no place to know it from.
pub(crate) fn is_known(id: &[u8; 16]) -> Option<bool> {
    let file = file(STORES)?;
    let text = fs::read_to_string(file).unwrap_or_default();
    Some(has(&text, &name(id)))
}

/// Remembers a store as one of this user's. Where that fails, it is asked about like any other.
pub(crate) fn remember(id: &[u8; 16]) {
    if let Some(file) = file(STORES)
        && is_known(id) == Some(false)
    {
        let _ = append(&file, &name(id));
    }
}

/// Returns whether a project's file is trusted, by its digest.
pub(crate) fn knows_project(digest: &str) -> bool {
    let text = file(PROJECTS).and_then(|it| fs::read_to_string(it).ok());
    text.is_some_and(|text| has(&text, digest))
}

/// Remembers that a project's file is trusted.
///
/// # Errors
///
/// Returns an error if there is no place for it, or it cannot be written.
pub(crate) fn remember_project(digest: &str) -> io::Result<()> {
    let missing = || io::Error::new(io::ErrorKind::NotFound, "there is no home directory");
    append(&file(PROJECTS).ok_or_else(missing)?, digest)
}

/// Returns what is remembered of a job in a file that is trusted: where it is, and what was shown of it.
pub(crate) fn job_digest(file: &Path, shown: &[String]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("patterns 2026-11-27 trusted job v1");
    hasher.update(file.as_os_str().as_encoded_bytes());
    for line in shown {
        hasher.update(b"\n").update(line.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Returns whether a job is trusted, by its digest.
pub(crate) fn knows_job(digest: &str) -> bool {
    let text = file(JOBS).and_then(|it| fs::read_to_string(it).ok());
    text.is_some_and(|text| has(&text, digest))
}

/// Remembers that a job is trusted. Where that fails, it is asked about again.
pub(crate) fn remember_job(digest: &str) {
    if let Some(file) = file(JOBS) {
        let _ = append(&file, digest);
    }
}

/// Returns a file of the user's state, if there is a place for it.
fn file(what: &str) -> Option<PathBuf> {
    let named = |name| env::var_os(name).map(PathBuf::from);
    let named = |name| named(name).filter(|it| it.is_absolute());
    let folder = named("XDG_STATE_HOME")
        .or_else(|| named("HOME").map(|home| home.join(".local/state")))
        .or_else(|| named("LOCALAPPDATA"))?;
    Some(folder.join("patterns").join(what))
}

fn append(file: &Path, name: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    // One write, so that two processes at once write two lines.
    options
        .open(file)?
        .write_all(format!("{name}\n").as_bytes())
}

fn has(text: &str, name: &str) -> bool {
    text.lines().any(|line| line.trim() == name)
}

fn name(id: &[u8; 16]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_appended_is_known_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("new/stores");
        append(&file, &name(&[1; 16])).unwrap();
        append(&file, &name(&[0xAB; 16])).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        let has = |id| has(&text, &name(id));
        assert!(has(&[1; 16]) && has(&[0xAB; 16]));
        assert!(!has(&[2; 16]) && !super::has("", &name(&[0; 16])));
    }
}
