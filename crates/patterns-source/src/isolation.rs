//! Reads files of formats that invite attacks in a process of their own, where they can be killed.
//!
//! A PDF of 600 bytes can overflow the stack, and another one take gigabytes or for ever; nothing within
//! a process holds that. This crate starts no process itself: the caller gives an [`Isolation`] that does
//! and calls [`read_isolated`] there, after it has set limits. Without one such files are read in place,
//! with what can be refused beforehand and with panics caught.
//!
//! What the process writes are lines of JSON: `{"text": …}` (or an attachment) or rows, `{"error": [kind, reason]}`, and
//! `{"end": true}` as the last word, so that what is cut off is seen as such.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use serde_json::{Map, Value, json};

use crate::format::{ParquetBytes, ParquetRows, Reason, parquet_rows};
use crate::lines::{Line, Lines};
use crate::unreadable::reason;
use crate::whole::{Whole, most, too_large, whole};
use crate::{Format, Limits, TextEncoding, UnreadableKind};

/// Starts processes in which files are read.
pub trait Isolation: fmt::Debug + Send + Sync {
    /// Starts a process that calls [`read_isolated`] with this file as its standard input.
    ///
    /// # Errors
    ///
    /// Returns an error if there can be no such process.
    fn start(&self, file: File, task: Task) -> io::Result<Isolated>;
}

/// How a file is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Task {
    /// What the file is.
    pub format: Format,
    /// How much is read at most.
    pub limits: Limits,
    /// The encoding of its text, if it is known.
    pub encoding: Option<TextEncoding>,
}

impl Task {
    /// Reads a file of this format.
    pub fn new(format: Format, limits: Limits, encoding: Option<TextEncoding>) -> Self {
        Self {
            format,
            limits,
            encoding,
        }
    }
}

/// A process that reads a file.
pub struct Isolated {
    /// Its standard output. The process is ended when this is dropped.
    pub output: Box<dyn Read + Send>,
    /// Waits for its end and returns why it was ended, if it did not end by itself.
    pub end: Box<dyn FnOnce() -> Option<String> + Send>,
}

impl fmt::Debug for Isolated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Isolated").finish_non_exhaustive()
    }
}

/// Reads a file in the process that was started for it, and writes what it says.
///
/// # Errors
///
/// Returns an error if it cannot be written.
pub fn read_isolated(file: File, task: Task, output: impl Write) -> io::Result<()> {
    let mut output = BufWriter::new(output);
    let mut say = |value: &Value| writeln!(output, "{value}");
    if task.format == Format::Parquet {
        match parquet_rows(ParquetBytes::File(file)) {
            Err(reason) => say(&error(reason))?,
            Ok(rows) => {
                for row in rows {
                    say(&row.map_or_else(error, |it| json!({ "row": it })))?;
                }
            }
        }
    } else {
        let read = read_whole(file, &task)?;
        say(&read.map_or_else(error, |it| {
            json!({
                "text": it.text,
                "attachment": it.attachment,
                "encoding": it.encoding,
                "notes": it.notes,
            })
        }))?;
    }
    say(&json!({"end": true}))?;
    output.flush()
}

fn read_whole(file: File, task: &Task) -> io::Result<Result<Whole, Reason>> {
    let most = most(task);
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Ok(Err(too_large(most)));
    }
    Ok(whole(bytes, task))
}

fn error((kind, reason): Reason) -> Value {
    json!({"error": [kind.name(), reason]})
}

/// Makes a file that is gone when it is closed; where that fails, the place is named.
///
/// # Errors
///
/// Returns an error that says where it would have been made.
pub fn temporary() -> io::Result<File> {
    tempfile::tempfile().map_err(|error| {
        let (place, cause) = (std::env::temp_dir(), reason(&error));
        let words = format!(
            "no temporary file can be made in {} ({cause})",
            place.display()
        );
        io::Error::other(words)
    })
}

/// Puts bytes where a process can read them.
pub(crate) fn file_of(bytes: &[u8]) -> io::Result<File> {
    let mut file = temporary()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

/// What a process says, line by line.
struct Talk {
    lines: Lines<BufReader<Box<dyn Read + Send>>>,
    end: Option<Box<dyn FnOnce() -> Option<String> + Send>>,
}

impl Talk {
    fn start(isolation: &dyn Isolation, file: File, task: Task) -> io::Result<Self> {
        let Isolated { output, end } = isolation.start(file, task)?;
        // A character is at most six in JSON.
        let most = task
            .limits
            .document
            .saturating_mul(6)
            .saturating_add(1 << 16);
        Ok(Self {
            lines: Lines::new(BufReader::new(output), most),
            end: Some(end),
        })
    }

    /// Returns the next thing said, or `None` if that was the last word.
    fn next(&mut self) -> Result<Option<Map<String, Value>>, Reason> {
        let said = match self.lines.next() {
            Ok(Some(Line::Whole(line))) => serde_json::from_slice(&line).ok(),
            Ok(Some(Line::TooLong)) => {
                return Err((
                    UnreadableKind::TooLarge,
                    "has a row that is too large".to_owned(),
                ));
            }
            Ok(None) | Err(_) => None,
        };
        let Some(mut said): Option<Map<String, Value>> = said else {
            return Err((UnreadableKind::Broken, self.broken_off()));
        };
        if let Some(error) = said.remove("error") {
            let kind = error[0].as_str().and_then(UnreadableKind::of_name);
            let reason = error[1].as_str().unwrap_or_default();
            return Err((kind.unwrap_or(UnreadableKind::Broken), reason.to_owned()));
        }
        Ok((!said.contains_key("end")).then_some(said))
    }

    fn broken_off(&mut self) -> String {
        let reason = self.end.take().and_then(|end| end());
        reason.unwrap_or_else(|| "ended whoever tried to read it".to_owned())
    }
}

/// Reads a file that is one document.
pub(crate) fn isolated_whole(
    isolation: &dyn Isolation,
    file: File,
    task: Task,
) -> io::Result<Result<Whole, Reason>> {
    let mut talk = Talk::start(isolation, file, task)?;
    Ok(talk.next().map(|said| {
        let mut said = said.unwrap_or_default();
        let mut take = |name: &str| match said.remove(name) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (text, encoding) = (take("text"), take("encoding"));
        let attachment = said.remove("attachment").unwrap_or_default();
        let notes = said.get("notes").and_then(Value::as_array);
        let notes = notes.into_iter().flatten().filter_map(Value::as_str);
        Whole {
            text,
            attachment: serde_json::from_value(attachment).ok().flatten(),
            encoding,
            notes: notes.map(str::to_owned).collect(),
        }
    }))
}

/// Reads the rows of a file.
pub(crate) fn isolated_rows(
    isolation: &dyn Isolation,
    file: File,
    task: Task,
) -> io::Result<ParquetRows> {
    let mut talk = Talk::start(isolation, file, task)?;
    let mut is_over = false;
    Ok(Box::new(std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let said = talk.next();
        is_over = !matches!(said, Ok(Some(_)));
        let row = said.transpose()?;
        Some(row.map(|mut it| match it.remove("row") {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        }))
    })))
}
