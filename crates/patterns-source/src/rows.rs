//! Rows of JSONL, CSV, TSV and Parquet files, one at a time.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value};

use crate::format::{ParquetBytes, ParquetRows, parquet_rows};
use crate::input::{self, Bytes, Input};
use crate::lines::{Line, Lines};
use crate::{Format, Limits, Unreadable, UnreadableKind};

/// One row, as an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The line it begins on, from 1; of a Parquet file, the number of the row.
    pub line: u64,
    /// Its fields.
    pub fields: Map<String, Value>,
}

impl Row {
    /// Returns a field that holds text; numbers count as text.
    pub fn text(&self, field: &str) -> Option<String> {
        match self.fields.get(field)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Returns the names of the fields, for messages.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.fields.keys().map(String::as_str).collect();
        names.join(", ")
    }
}

/// The rows of a file.
pub struct RowReader {
    name: String,
    encoding: &'static str,
    rows: Rows,
    is_over: bool,
}

enum Rows {
    Jsonl(Lines<Bytes>, u64),
    Separated {
        reader: Box<csv::Reader<Metered>>,
        header: Vec<String>,
        used: Arc<AtomicU64>,
    },
    Parquet(ParquetRows, u64),
}

impl RowReader {
    /// Opens a file of rows.
    ///
    /// # Errors
    ///
    /// Returns an [`Unreadable`] if it is not there, or holds no rows.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, Unreadable> {
        let name = crate::find::name(path);
        let mut input = input::open(path, limits).map_err(|it| Unreadable::io(&name, &it))?;
        let beginning = input.beginning().map_err(|it| Unreadable::io(&name, &it))?;
        let format = Format::of(path).by_beginning(beginning);
        Self::of(name, input, Some(path), format, limits)
    }

    pub(crate) fn of(
        name: String,
        input: Input,
        path: Option<&Path>,
        format: Format,
        limits: Limits,
    ) -> Result<Self, Unreadable> {
        let mut encoding = "UTF-8";
        let mut text = |input| {
            let (bytes, found) = text(&name, input)?;
            encoding = found;
            Ok(bytes)
        };
        let rows = match format {
            Format::Jsonl => Rows::Jsonl(Lines::new(text(input)?, limits.document), 0),
            Format::Csv => separated(&name, text(input)?, b',', limits)?,
            Format::Tsv => separated(&name, text(input)?, b'\t', limits)?,
            Format::Parquet => Rows::Parquet(parquet(&name, input, path, limits)?, 0),
            other => {
                let reason = format!("is not a file of rows, but {other}");
                return Err(Unreadable::new(UnreadableKind::Unsupported, name, reason));
            }
        };
        Ok(Self {
            name,
            encoding,
            rows,
            is_over: false,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn encoding(&self) -> &'static str {
        self.encoding
    }

    fn advance(&mut self) -> Option<Result<Row, Unreadable>> {
        let name = &self.name;
        match &mut self.rows {
            Rows::Jsonl(lines, line) => loop {
                *line += 1;
                let place = format!("{name}:{line}");
                let bytes = match lines.next() {
                    Ok(None) => return None,
                    Ok(Some(Line::Whole(bytes))) => bytes,
                    Ok(Some(Line::TooLong)) => return Some(Err(too_long(place))),
                    Err(error) => {
                        self.is_over = true;
                        return Some(Err(Unreadable::io(place, &error)));
                    }
                };
                if !bytes.iter().all(u8::is_ascii_whitespace) {
                    return Some(object(name, *line, &bytes));
                }
            },
            Rows::Separated {
                reader,
                header,
                used,
            } => {
                let mut record = csv::StringRecord::new();
                used.store(0, Ordering::Relaxed);
                match reader.read_record(&mut record) {
                    Ok(false) => None,
                    Ok(true) => {
                        let line = record.position().map_or(0, csv::Position::line);
                        let values = record.iter().map(Value::from);
                        let fields = header.iter().cloned().zip(values).collect();
                        Some(Ok(Row { line, fields }))
                    }
                    Err(error) => {
                        self.is_over = matches!(error.kind(), csv::ErrorKind::Io(_));
                        Some(Err(csv_problem(name, &error)))
                    }
                }
            }
            Rows::Parquet(rows, line) => {
                *line += 1;
                let row = rows.next()?;
                Some(match row {
                    Ok(fields) => Ok(Row {
                        line: *line,
                        fields,
                    }),
                    Err((kind, reason)) => {
                        Err(Unreadable::new(kind, format!("{name}:{line}"), reason))
                    }
                })
            }
        }
    }
}

impl Iterator for RowReader {
    type Item = Result<Row, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let row = self.advance();
        self.is_over |= row.is_none();
        row
    }
}

impl std::fmt::Debug for RowReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowReader")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn text(name: &str, input: Input) -> Result<(Bytes, &'static str), Unreadable> {
    input.text().map_err(|error| Unreadable::io(name, &error))
}

fn too_long(place: String) -> Unreadable {
    let reason = "the line is longer than a document may be";
    Unreadable::new(UnreadableKind::TooLarge, place, reason)
}

fn object(name: &str, line: u64, bytes: &[u8]) -> Result<Row, Unreadable> {
    let broken =
        |place: String, reason: &str| Err(Unreadable::new(UnreadableKind::Broken, place, reason));
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(Row { line, fields }),
        Ok(_) => broken(format!("{name}:{line}:1"), "a row is a JSON object"),
        Err(error) => {
            let (what, column) = (error.to_string(), error.column());
            let what = what.split(" at line ").next().unwrap_or_default();
            broken(format!("{name}:{line}:{column}"), what)
        }
    }
}

fn parquet(
    name: &str,
    input: Input,
    path: Option<&Path>,
    limits: Limits,
) -> Result<ParquetRows, Unreadable> {
    let bytes = match path.filter(|_| !input.is_packed) {
        Some(path) => std::fs::File::open(path).map(|file| Some(ParquetBytes::File(file))),
        None => input
            .whole(limits.file)
            .map(|it| it.map(ParquetBytes::Memory)),
    };
    let bytes = bytes.map_err(|error| Unreadable::io(name, &error))?;
    let Some(bytes) = bytes else {
        let reason = format!("has more than {} bytes", limits.file);
        return Err(Unreadable::new(UnreadableKind::TooLarge, name, reason));
    };
    parquet_rows(bytes).map_err(|(kind, reason)| Unreadable::new(kind, name, reason))
}

fn separated(name: &str, text: Bytes, delimiter: u8, limits: Limits) -> Result<Rows, Unreadable> {
    let used = Arc::new(AtomicU64::new(0));
    let metered = Metered {
        reader: text,
        used: Arc::clone(&used),
        most: limits.document,
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(metered);
    let header = reader
        .headers()
        .map_err(|error| csv_problem(name, &error))?;
    let header: Vec<String> = header.iter().map(|it| it.trim().to_owned()).collect();
    for (at, field) in header.iter().enumerate() {
        if header[..at].contains(field) {
            let reason = format!("two columns are called {field:?}");
            let place = format!("{name}:1");
            return Err(Unreadable::new(UnreadableKind::Broken, place, reason));
        }
    }
    let reader = Box::new(reader);
    Ok(Rows::Separated {
        reader,
        header,
        used,
    })
}

fn csv_problem(name: &str, error: &csv::Error) -> Unreadable {
    let line = error.position().map_or(0, csv::Position::line);
    let place = format!("{name}:{line}");
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            let reason = format!("the row has {len} values, the header {expected_len}");
            Unreadable::new(UnreadableKind::Broken, place, reason)
        }
        csv::ErrorKind::Utf8 { .. } => {
            Unreadable::new(UnreadableKind::NotText, place, "the row is not UTF-8")
        }
        csv::ErrorKind::Io(error) => Unreadable::io(name, error),
        _ => Unreadable::new(UnreadableKind::Broken, place, error.to_string()),
    }
}

/// Stops a row that goes on and on, say after a quote that nobody closes.
struct Metered {
    reader: Bytes,
    used: Arc<AtomicU64>,
    most: u64,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        // What is read ahead belongs to later rows.
        if self.used.fetch_add(read as u64, Ordering::Relaxed) > self.most {
            let reason = "a row is longer than a document may be";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        Ok(read)
    }
}
