//! Where the result goes: standard output, or a file that appears whole or not at all.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;
use tokio::sync::Notify;

use crate::error::{Error, ErrorKind, reason};
use crate::terminal::{Paint, Terminal, is_stdout_terminal, write_stdout};

/// Where the result goes.
#[derive(Debug)]
pub(crate) enum Output {
    /// To standard output, as it comes.
    Stdout,
    /// To a file beside its destination, renamed at the end.
    File(BufWriter<NamedTempFile>, PathBuf),
}

impl Output {
    /// Opens the destination, so that a wrong one is found before anything is paid for.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be created.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else {
            return Ok(Self::Stdout);
        };
        if path.is_dir() {
            let message = format!("{} is a directory", path.display());
            return Err(Error::new(ErrorKind::CannotCreate, message).help("name a file in it"));
        }
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let file = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(|error| {
            let message = format!("cannot create {}: {}", path.display(), cause(&error));
            Error::new(ErrorKind::CannotCreate, message)
                .help("check that its directory exists and can be written to")
        })?;
        Ok(Self::File(BufWriter::new(file), path.to_owned()))
    }

    /// Returns how words may look there.
    pub(crate) fn paint(&self, terminal: Terminal) -> Paint {
        match self {
            Self::Stdout => terminal.stdout_paint(),
            Self::File(..) => Paint::plain(),
        }
    }

    /// Returns whether it is shown rather than kept: only then is data escaped for a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self, Self::Stdout) && is_stdout_terminal()
    }

    /// Writes a piece of the result.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be written.
    pub(crate) fn write(&mut self, piece: impl AsRef<[u8]>) -> Result<(), Error> {
        let piece = piece.as_ref();
        match self {
            Self::Stdout => write_stdout(piece),
            Self::File(file, path) => {
                let written = file.write_all(piece);
                written.map_err(|error| Error::writing(&path.display().to_string(), error))
            }
        }
    }

    /// Makes the file appear.
    ///
    /// # Errors
    ///
    /// Returns an error if what is left cannot be written, or the file cannot be put in its place.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let Self::File(file, path) = self else {
            return Ok(());
        };
        let name = path.display().to_string();
        let file = file
            .into_inner()
            .map_err(|error| Error::writing(&name, error.into_error()))?;
        let synced = file.as_file().sync_all();
        synced.map_err(|error| Error::writing(&name, error))?;
        share(&file);
        match file.persist(&path) {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::writing(&name, error.error)),
        }
    }
}

/// Rows that are written while a run goes on. The first that cannot be written stops the run.
#[derive(Debug)]
pub(crate) struct Rows {
    output: Output,
    error: Option<Error>,
    broken: Arc<Notify>,
}

impl Rows {
    /// Begins to write rows; `broken` is told when that fails.
    pub(crate) fn new(output: Output, broken: Arc<Notify>) -> Self {
        Self {
            output,
            error: None,
            broken,
        }
    }

    /// Writes a row.
    pub(crate) fn write(&mut self, row: impl AsRef<[u8]>) {
        if self.error.is_none()
            && let Err(error) = self.output.write(row)
        {
            self.fail(error);
        }
    }

    /// Stops the run, since a row cannot be written.
    pub(crate) fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
        self.broken.notify_one();
    }

    /// Gives the output back.
    ///
    /// # Errors
    ///
    /// Returns the error of the first row that could not be written.
    pub(crate) fn finish(self) -> Result<Output, Error> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.output),
        }
    }
}

/// Gives a temporary file, which is private, the permissions of any new file.
#[cfg(unix)]
fn share(file: &NamedTempFile) {
    use std::os::unix::fs::PermissionsExt;
    // Where that fails the result is still there, for its owner.
    let _ = file
        .as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o644));
}

#[cfg(not(unix))]
fn share(_: &NamedTempFile) {}

/// Returns why a temporary file cannot be created, without its random name.
fn cause(error: &std::io::Error) -> String {
    let text = reason(error);
    match text.split_once(" at path ") {
        Some((cause, _)) => cause.to_owned(),
        None => text,
    }
}
