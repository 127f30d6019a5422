//! The event file: one JSON object per line, stamped as it happens; the first says how to read the others.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use patterns_core::{Event, EventFileBegun, EventLine};
use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::escape::escape_json;
use crate::target::{Target, is_stdout};
use crate::terminal::write_stdout;

/// An event file that is being written.
#[derive(Debug)]
pub(super) struct EventFile {
    /// Standard output without it.
    target: Option<Target>,
    /// The first error; nothing more is written after it.
    error: Option<Error>,
}

#[derive(Serialize)]
struct Line<'a, T> {
    /// Milliseconds since 1970.
    time: u128,
    #[serde(flatten)]
    what: &'a T,
}

impl EventFile {
    /// Opens the file; `-` is standard output.
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let target = match is_stdout(path) {
            true => None,
            false => Some(Target::open_live(path)?),
        };
        let mut file = Self {
            target,
            error: None,
        };
        file.line(&EventFileBegun::EventFileBegun {
            version: EventLine::VERSION,
            program: concat!("patterns ", env!("CARGO_PKG_VERSION")).to_owned(),
        });
        Ok(file)
    }

    /// Makes a file that is new readable for its owner only.
    pub(super) fn make_private(&mut self) {
        if let Some(target) = &mut self.target {
            target.make_private();
        }
    }

    pub(super) fn write(&mut self, event: &Event) {
        self.line(event);
    }

    fn line(&mut self, what: &impl Serialize) {
        if self.error.is_some() {
            return;
        }
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        let time = time.map_or(0, |it| it.as_millis());
        let line = serde_json::to_string(&Line { time, what }).unwrap_or_default();
        let line = format!("{}\n", escape_json(&line));
        let written = match &mut self.target {
            None => write_stdout(line.as_bytes()),
            Some(target) => target
                .write(line.as_bytes())
                .map_err(|it| failed(target, it)),
        };
        self.error = written.err();
    }

    pub(super) fn flush(&mut self) {
        if let (None, Some(target)) = (&self.error, &mut self.target) {
            self.error = target.flush().err().map(|it| failed(target, it));
        }
    }

    /// Returns the error of a file that could not be written.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        self.error.take().map_or(Ok(()), Err)
    }
}

fn failed(target: &Target, error: std::io::Error) -> Error {
    // Also if its reader went away: the run has another one.
    Error::writing(target.name(), error)
        .of_kind(ErrorKind::Io)
        .help("the result is not concerned; see to the disk of that file")
}
