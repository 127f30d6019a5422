//! Where the result goes: standard output, as it comes, or a file.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::error::{Error, ErrorKind};
use crate::target::{Target, is_stdout};
use crate::terminal::{Paint, Terminal, check_stdout, is_stdout_terminal, write_stdout};

/// Where the result goes.
#[derive(Debug)]
pub(crate) enum Output {
    /// To standard output, as it comes.
    Stdout,
    /// To a file.
    File(Box<Target>),
}

impl Output {
    /// Opens the destination, so that a wrong one is found before anything is paid for.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written, or standard output is closed.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        match path.filter(|it| !is_stdout(it)) {
            Some(path) => Ok(Self::File(Box::new(Target::open(path)?))),
            None => check_stdout().map(|()| Self::Stdout),
        }
    }

    /// Makes a file that is new readable for its owner only.
    pub(crate) fn make_private(&mut self) {
        if let Self::File(target) = self {
            target.make_private();
        }
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
            Self::File(target) => {
                let written = target.write(piece);
                written.map_err(|error| Error::writing(target.name(), error))
            }
        }
    }

    /// Makes the file appear.
    ///
    /// # Errors
    ///
    /// Returns an error if what is left cannot be written, or the file cannot be put in its place.
    pub(crate) fn finish(self) -> Result<(), Error> {
        match self {
            Self::Stdout => Ok(()),
            Self::File(target) => target.finish(),
        }
    }

    /// Says what becomes of the file if it is not finished.
    pub(crate) fn unfinished(&self) -> Option<String> {
        let Self::File(target) = self else {
            return None;
        };
        let state = match target.keeps_old() {
            true => "is left as it was",
            false => "is not written",
        };
        Some(format!("{} {state}: there is no result", target.name()))
    }

    /// Leaves the file as it was, since there is no result, and says so. What was answered all the
    /// same goes to standard output if it `is_kept` nowhere else.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be written.
    pub(crate) fn abandon(self, is_kept: bool, terminal: Terminal) -> Result<(), Error> {
        let unfinished = self.unfinished().unwrap_or_default();
        let Self::File(target) = self else {
            return Ok(());
        };
        let name = target.name().to_owned();
        let failed = |error| Error::new(ErrorKind::Io, format!("cannot read back {name}: {error}"));
        let mut text = Vec::new();
        if let Some(mut held) = target.take_back().map_err(failed)? {
            held.read_to_end(&mut text).map_err(failed)?;
        }
        if is_kept || text.is_empty() {
            terminal.note(&unfinished);
            return Ok(());
        }
        terminal.note(&format!(
            "{unfinished}; what was answered is on standard output"
        ));
        write_stdout(&text)
    }
}

/// So many bytes of rows are not held back.
const MANY: usize = 64 << 10;

/// Rows that are written while a run goes on. The first that cannot be written stops the run.
#[derive(Debug)]
pub(crate) struct Rows {
    output: Output,
    held: Vec<u8>,
    error: Option<Error>,
    broken: Arc<Notify>,
}

impl Rows {
    /// Begins to write rows; `broken` is told when that fails.
    pub(crate) fn new(output: Output, broken: Arc<Notify>) -> Self {
        Self {
            output,
            held: Vec::new(),
            error: None,
            broken,
        }
    }

    /// Writes a row, and what is held back before it.
    pub(crate) fn write(&mut self, row: impl AsRef<[u8]>) {
        self.hold(row);
        self.send_on();
    }

    /// Holds a row back until [`send_on`](Self::send_on): written one by one, rows that come together cost
    /// a call of the system each.
    pub(crate) fn hold(&mut self, row: impl AsRef<[u8]>) {
        self.held.extend_from_slice(row.as_ref());
        if self.held.len() >= MANY {
            self.send_on();
        }
    }

    /// Writes what is held back.
    pub(crate) fn send_on(&mut self) {
        let held = std::mem::take(&mut self.held);
        if self.error.is_none()
            && !held.is_empty()
            && let Err(error) = self.output.write(&held)
        {
            self.fail(error);
        }
        self.held = held;
        self.held.clear();
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
    pub(crate) fn finish(mut self) -> Result<Output, Error> {
        self.send_on();
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.output),
        }
    }
}
