//! Which stores were made here. A store has the jobs of its runs, and `resume` runs them
//! again, with the user's key and files; so a store out of a download, an archive or a clone is asked
//! about first. The numbers of stores that this user has made, or was asked about, are kept in the
//! user's own state directory, which nobody downloads.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Returns whether a store was made here or is trusted; `None` if there is no place to know it from.
pub(crate) fn is_known(id: &[u8; 16]) -> Option<bool> {
    let file = file()?;
    let text = fs::read_to_string(file).unwrap_or_default();
    Some(has(&text, id))
}

/// Remembers a store as one of this user's. Where that fails, it is asked about like any other.
pub(crate) fn remember(id: &[u8; 16]) {
    if let Some(file) = file()
        && is_known(id) == Some(false)
    {
        let _ = append(&file, id);
    }
}

/// Returns the file, if there is a place for it.
pub(crate) fn file() -> Option<PathBuf> {
    let named = |name| env::var_os(name).map(PathBuf::from);
    let named = |name| named(name).filter(|it| it.is_absolute());
    let folder = named("XDG_STATE_HOME")
        .or_else(|| named("HOME").map(|home| home.join(".local/state")))
        .or_else(|| named("LOCALAPPDATA"))?;
    Some(folder.join("patterns").join("stores"))
}

fn append(file: &Path, id: &[u8; 16]) -> io::Result<()> {
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
        .write_all(format!("{}\n", name(id)).as_bytes())
}

fn has(text: &str, id: &[u8; 16]) -> bool {
    let name = name(id);
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
        append(&file, &[1; 16]).unwrap();
        append(&file, &[0xAB; 16]).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(has(&text, &[1; 16]) && has(&text, &[0xAB; 16]));
        assert!(!has(&text, &[2; 16]) && !has("", &[0; 16]));
    }
}
