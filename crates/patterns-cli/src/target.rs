//! The one writer of files that a run leaves: its result and its events.
//!
//! What is no regular file (a device, a pipe, a descriptor of the shell) is written through, as it
//! comes. A regular file is held until the end, in memory while it is small and then in a file without a
//! name that the system forgets with the process, and takes the place of the old one at once, with its
//! mode and owner. Where a new file could not take that place (the directory may not be written to, the
//! file has a second name or another owner, or something is mounted there), the old one is written into
//! instead, and gets its old text back if that fails. Links are resolved first: the file at their end is
//! meant. A run takes hours, so what is there is looked at again at the end: what has become a device, a
//! pipe, a link or a directory is not replaced.

use patterns_core::system_reason;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, SpooledTempFile, spooled_tempfile_in};

use crate::error::{Error, ErrorKind};

/// The most links that are followed to a file that is not there yet.
const LINKS: usize = 40;

/// The most bytes of a result that are held in memory: what is there can be had if the disk fails.
const IN_MEMORY: usize = 4 << 20;

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct Target {
    /// As the user wrote it.
    name: String,
    /// Where links lead.
    path: PathBuf,
    way: Way,
    is_private: bool,
}

/// How a file is written.
#[derive(Debug)]
enum Way {
    /// As it comes.
    Through(File),
    /// As it comes, into a file that loses its old text when the first of the new one comes.
    Live {
        file: BufWriter<File>,
        is_new: bool,
        is_begun: bool,
    },
    /// At the end.
    AtEnd {
        held: SpooledTempFile,
        old: Option<Box<Metadata>>,
    },
}

impl Target {
    /// Opens a file that gets its text at the end, all at once.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be written.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        Self::make(path, |resolved, old| {
            if old.is_some() {
                // A file that may not be written is not replaced either.
                OpenOptions::new().write(true).open(resolved)?;
            }
            let held = match tempfile::tempfile_in(folder(resolved)) {
                Ok(_) => spooled_tempfile_in(IN_MEMORY, folder(resolved)),
                Err(_) if old.is_some() => tempfile::spooled_tempfile(IN_MEMORY),
                Err(error) => return Err(error),
            };
            let old = old.map(Box::new);
            Ok(Way::AtEnd { held, old })
        })
    }

    /// Opens a file that is written as things happen.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be written.
    pub(crate) fn open_live(path: &Path) -> Result<Self, Error> {
        Self::make(path, |resolved, old| {
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(false);
            Ok(Way::Live {
                file: BufWriter::new(file.open(resolved)?),
                is_new: old.is_none(),
                is_begun: false,
            })
        })
    }

    fn make(
        path: &Path,
        regular: impl FnOnce(&Path, Option<Metadata>) -> io::Result<Way>,
    ) -> Result<Self, Error> {
        let name = path.display().to_string();
        let failed = |error: io::Error| {
            let message = format!("cannot create {name}: {}", cause(&error));
            Error::new(ErrorKind::CannotCreate, message)
                .help("check that its directory exists and can be written to")
        };
        let resolved = resolve(path);
        let old = match fs::metadata(&resolved) {
            Ok(old) => Some(old),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        if old.as_ref().is_some_and(Metadata::is_dir) {
            let message = format!("{name} is a directory");
            return Err(Error::new(ErrorKind::CannotCreate, message).help("name a file in it"));
        }
        if old.is_none() && is_folder_name(path) {
            let message =
                format!("cannot create {name}: it is named as a directory, which is not there");
            return Err(Error::new(ErrorKind::CannotCreate, message).help("name a file"));
        }
        let is_regular = old.as_ref().is_none_or(Metadata::is_file);
        let way = if is_regular && !is_descriptor(path) {
            regular(&resolved, old)
        } else {
            // What a shell has opened keeps what is in it.
            let file = OpenOptions::new().append(true).open(path);
            file.map(Way::Through)
        };
        let way = way.map_err(failed)?;
        Ok(Self {
            name,
            path: resolved,
            way,
            is_private: false,
        })
    }

    /// Makes a file that is new readable for its owner only.
    pub(crate) fn make_private(&mut self) {
        self.is_private = true;
        if let Way::Live {
            file, is_new: true, ..
        } = &self.way
        {
            restrict(file.get_ref());
        }
    }

    /// Returns the name that the user gave it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether it is a file that keeps what is written, and no pipe or device.
    pub(crate) fn is_kept(&self) -> bool {
        !matches!(self.way, Way::Through(_))
    }

    /// Returns whether there is an older text that has not been touched.
    pub(crate) fn keeps_old(&self) -> bool {
        matches!(&self.way, Way::AtEnd { old: Some(_), .. })
    }

    /// Returns whether nothing is held to take the place of an older text.
    pub(crate) fn is_empty(&mut self) -> bool {
        let Way::AtEnd { held, .. } = &mut self.way else {
            return false;
        };
        held.stream_position().is_ok_and(|it| it == 0)
    }

    /// Writes a piece.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub(crate) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match &mut self.way {
            Way::Through(file) => file.write_all(piece),
            Way::AtEnd { held, .. } => held.write_all(piece),
            Way::Live { file, is_begun, .. } => {
                if !*is_begun {
                    file.get_ref().set_len(0)?;
                    *is_begun = true;
                }
                file.write_all(piece)
            }
        }
    }

    /// Sends on what is written as it comes.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.way {
            Way::Live { file, .. } => file.flush(),
            Way::Through(_) | Way::AtEnd { .. } => Ok(()),
        }
    }

    /// Returns the text of a file that is held.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub(crate) fn held(&mut self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        if let Way::AtEnd { held, .. } = &mut self.way {
            held.rewind()?;
            held.read_to_end(&mut text)?;
        }
        Ok(text)
    }

    /// Puts the file in its place. Where that fails, its text is still [held](Self::held).
    ///
    /// # Errors
    ///
    /// Returns an error if what is left cannot be written, or the file cannot be put in its place.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        self.put()
            .map_err(|error| Error::writing(&self.name, error))
    }

    fn put(&mut self) -> io::Result<()> {
        self.flush()?;
        let (path, is_private) = (&self.path, self.is_private);
        let Way::AtEnd { held, old } = &mut self.way else {
            return Ok(());
        };
        let old = still_a_file(path)?.or_else(|| old.as_deref().cloned());
        held.rewind()?;
        if let Some(new) = replacement(path, old.as_ref(), is_private) {
            io::copy(held, &mut new.as_file())?;
            new.as_file().sync_all()?;
            match new.persist(path) {
                Ok(_) => return Ok(()),
                Err(error) if old.is_none() => return Err(error.error),
                // Something is mounted there.
                Err(_) => held.rewind()?,
            }
        }
        write_into(path, held)
    }
}

/// Returns what is at the place of a file now, if that is a file.
fn still_a_file(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(now) if now.is_file() => Ok(Some(now)),
        Ok(_) => Err(io::Error::other(
            "something else than a file has taken its place since the run began",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a text in the place of an old one that must not be replaced, and the old one again if that fails.
fn write_into(path: &Path, text: &mut SpooledTempFile) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(path).or_else(|_| {
        // Not everybody who may write it may read it.
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
    })?;
    let mut old = Vec::new();
    // What cannot be read back is lost if the disk fails.
    let _ = file.read_to_end(&mut old);
    let written = overwrite(&mut file, text);
    if written.is_err() && !old.is_empty() {
        overwrite(&mut file, &mut &*old)?;
    }
    written
}

/// Writes a text over another one, whose place on the disk it takes.
fn overwrite(file: &mut File, text: &mut impl Read) -> io::Result<()> {
    file.rewind()?;
    let length = io::copy(text, file)?;
    file.set_len(length)?;
    file.sync_all()
}

/// Returns a new file beside the old one that may take its place, if there can be one.
fn replacement(path: &Path, old: Option<&Metadata>, is_private: bool) -> Option<NamedTempFile> {
    // The mode of a new file for its owner alone, or for everybody, before the umask.
    let mode = match is_private || old.is_some() {
        true => 0o600,
        false => 0o666,
    };
    let new = made(mode, folder(path)).ok()?;
    match old {
        Some(old) => keep(old, new.as_file()).then_some(new),
        None => Some(new),
    }
}

#[cfg(unix)]
fn made(mode: u32, folder: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::Permissions::from_mode(mode);
    tempfile::Builder::new()
        .permissions(mode)
        .tempfile_in(folder)
}

#[cfg(not(unix))]
fn made(_: u32, folder: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

/// Gives a new file the mode and the owner of the old one; `false` if that cannot be done.
#[cfg(unix)]
fn keep(old: &Metadata, new: &File) -> bool {
    use std::os::unix::fs::{MetadataExt, fchown};
    let Ok(made) = new.metadata() else {
        return false;
    };
    let is_owned = (made.uid(), made.gid()) == (old.uid(), old.gid())
        || fchown(new, Some(old.uid()), Some(old.gid())).is_ok();
    old.nlink() == 1 && is_owned && new.set_permissions(old.permissions()).is_ok()
}

#[cfg(not(unix))]
fn keep(_: &Metadata, _: &File) -> bool {
    true
}

/// Takes a new file away from everybody but its owner. Where that cannot be done, the umask holds.
#[cfg(unix)]
fn restrict(file: &File) {
    use std::os::unix::fs::PermissionsExt;
    let _ = file.set_permissions(fs::Permissions::from_mode(0o600));
}

#[cfg(not(unix))]
fn restrict(_: &File) {}

/// Returns where links lead, even if nothing is there yet.
pub(crate) fn resolve(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        if let Ok(found) = fs::canonicalize(&path) {
            return found;
        }
        match fs::read_link(&path) {
            Ok(next) => path = folder(&path).join(next),
            Err(_) => break,
        }
    }
    let Some(name) = path.file_name() else {
        return path;
    };
    fs::canonicalize(folder(&path)).map_or_else(|_| path.clone(), |it| it.join(name))
}

/// Returns whether a path ends like that of a directory.
fn is_folder_name(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// Returns whether a path names a file that a shell has opened for us.
fn is_descriptor(path: &Path) -> bool {
    ["/dev/fd", "/proc/self/fd"]
        .iter()
        .any(|it| path.starts_with(it))
        || path == Path::new("/dev/stderr")
}

/// Returns whether a path names standard output.
pub(crate) fn is_stdout(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
        .iter()
        .any(|it| path == Path::new(it))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns why a file cannot be created, without the random name of a temporary one.
fn cause(error: &io::Error) -> String {
    let text = system_reason(error);
    match text.split_once(" at path ") {
        Some((cause, _)) => cause.to_owned(),
        None => text,
    }
}
