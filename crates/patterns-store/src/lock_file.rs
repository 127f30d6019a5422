//! A file whose lock says whose turn it is: its owner's only, never a link, and gone when done.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The turn, until it is dropped.
#[derive(Debug)]
pub struct LockFile {
    path: PathBuf,
    /// Its lock ends when it is closed, which is after the file is gone.
    _file: File,
}

impl LockFile {
    /// Takes the turn, or returns `None` if somebody else has it.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be made or locked, or something else has its name.
    pub fn try_take(path: &Path) -> io::Result<Option<Self>> {
        loop {
            let file = open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Whoever had the turn before has removed the file that was opened here.
            if is_still(path, &file)? {
                return Ok(Some(Self {
                    path: path.to_owned(),
                    _file: file,
                }));
            }
        }
    }
}

impl LockFile {
    /// Returns whether somebody has the turn. Nothing is made or changed.
    pub(crate) fn is_held(path: &Path) -> bool {
        let file = File::open(path);
        file.is_ok_and(|it| matches!(it.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // While it is locked: nobody else can have taken the turn with this very file. One that
        // stays, because the process was killed, is taken by the next.
        let _ = fs::remove_file(&self.path);
    }
}

fn open(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => {
            let message = format!("{} is no regular file; remove it", path.display());
            return Err(io::Error::other(message));
        }
        _ => {}
    }
    let mut options = OpenOptions::new();
    private(options.create(true).truncate(false).write(true)).open(path)
}

/// Returns whether a path leads to an open file, and not by a link.
#[cfg(unix)]
fn is_still(path: &Path, file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let opened = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (opened.dev(), opened.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
fn is_still(_: &Path, _: &File) -> io::Result<bool> {
    Ok(true)
}

/// Makes new files their owner's only.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_the_turn_and_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("turn");
        let first = LockFile::try_take(&path).unwrap().unwrap();
        assert!(LockFile::try_take(&path).unwrap().is_none());
        drop(first);
        assert!(!path.exists());
        // What a killed process has left is taken.
        fs::write(&path, "").unwrap();
        assert!(LockFile::try_take(&path).unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed_and_the_file_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let (path, target) = (place.path().join("turn"), place.path().join("target"));
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(LockFile::try_take(&path).is_err());
        assert!(!target.exists());
        fs::remove_file(&path).unwrap();
        let _turn = LockFile::try_take(&path).unwrap().unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn many_take_turns() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("turn");
        let counter = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let turn = loop {
                            match LockFile::try_take(&path).unwrap() {
                                Some(turn) => break turn,
                                None => std::thread::yield_now(),
                            }
                        };
                        assert_eq!(counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                        counter.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        drop(turn);
                    }
                });
            }
        });
    }
}
