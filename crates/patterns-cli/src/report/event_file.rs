//! The event file: one JSON object per line, stamped as it happens.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use patterns_core::Event;
use serde::Serialize;

use crate::error::{Error, ErrorKind, reason};

/// An event file that is being written.
#[derive(Debug)]
pub(super) struct EventFile {
    file: BufWriter<File>,
    name: String,
    /// The first error; nothing more is written after it.
    error: Option<std::io::Error>,
}

#[derive(Serialize)]
struct Line<'a> {
    /// Milliseconds since 1970.
    time: u128,
    #[serde(flatten)]
    event: &'a Event,
}

impl EventFile {
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| {
            let message = format!("cannot create {name}: {}", reason(&error));
            Error::new(ErrorKind::CannotCreate, message)
                .help("check that its directory exists and can be written to")
        })?;
        Ok(Self {
            file: BufWriter::new(file),
            name,
            error: None,
        })
    }

    pub(super) fn write(&mut self, event: &Event) {
        if self.error.is_some() {
            return;
        }
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        let time = time.map_or(0, |it| it.as_millis());
        let line = serde_json::to_string(&Line { time, event }).unwrap_or_default();
        self.error = writeln!(self.file, "{line}").err();
    }

    pub(super) fn flush(&mut self) {
        let flushed = self.file.flush();
        self.error = self.error.take().or(flushed.err());
    }

    /// Returns the error of a file that could not be written.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        match self.error.take() {
            Some(error) => Err(Error::new(
                ErrorKind::Io,
                format!("cannot write {}: {}", self.name, reason(&error)),
            )),
            None => Ok(()),
        }
    }
}
