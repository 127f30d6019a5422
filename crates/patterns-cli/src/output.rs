//! Where the result goes: standard output, as it comes, or a file.

use patterns_core::system_reason;
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

    /// Makes the file appear. Where that fails, the text can still be had by [`salvage`](Self::salvage).
    ///
    /// # Errors
    ///
    /// Returns an error if what is left cannot be written, or the file cannot be put in its place.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        match self {
            Self::Stdout => Ok(()),
            Self::File(target) => target.finish(),
        }
    }

    /// Returns the name of the file, if it is one that keeps what is written.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Stdout => None,
            Self::File(target) => target.is_kept().then(|| target.name()),
        }
    }

    /// Returns whether nothing was written that is to become a file.
    pub(crate) fn is_empty(&mut self) -> bool {
        match self {
            Self::Stdout => false,
            Self::File(target) => target.is_empty(),
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
    pub(crate) fn abandon(&mut self, is_kept: bool, terminal: Terminal) -> Result<(), Error> {
        let Some(unfinished) = self.unfinished() else {
            return Ok(());
        };
        let text = match is_kept {
            true => Vec::new(),
            false => self.held()?,
        };
        if text.is_empty() {
            terminal.note(&unfinished);
            return Ok(());
        }
        terminal.note(&format!(
            "{unfinished}; what was answered is on standard output"
        ));
        write_stdout(&text)
    }

    /// Writes to standard output what could not be written to the file, and the `rest` that was to come
    /// behind: it is kept nowhere else.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be written there either.
    pub(crate) fn salvage(&mut self, rest: &[u8], terminal: Terminal) -> Result<(), Error> {
        let mut text = self.held().unwrap_or_default();
        text.extend_from_slice(rest);
        let is_shown = is_stdout_terminal() && std::str::from_utf8(&text).is_err();
        if matches!(self, Self::Stdout) || text.is_empty() || is_shown {
            return Ok(());
        }
        terminal.note("what was answered is on standard output, since nothing else keeps it");
        write_stdout(&text)
    }

    fn held(&mut self) -> Result<Vec<u8>, Error> {
        let Self::File(target) = self else {
            return Ok(Vec::new());
        };
        target.held().map_err(|error| {
            let message = format!(
                "cannot read back {}: {}",
                target.name(),
                system_reason(&error)
            );
            Error::new(ErrorKind::Io, message)
        })
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

    /// Writes what is held back. Where that fails, it stays held.
    pub(crate) fn send_on(&mut self) {
        if self.error.is_some() || self.held.is_empty() {
            return;
        }
        match self.output.write(&self.held) {
            Ok(()) => self.held.clear(),
            Err(error) => self.fail(error),
        }
    }

    /// Stops the run, since a row cannot be written.
    pub(crate) fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
        self.broken.notify_one();
    }

    /// Gives the output back; and, if a row could not be written, the error, and what is not written.
    pub(crate) fn finish(mut self) -> (Output, Option<(Error, Vec<u8>)>) {
        self.send_on();
        (self.output, self.error.map(|it| (it, self.held)))
    }
}
