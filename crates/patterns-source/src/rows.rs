//! Rows of JSONL, CSV, TSV and Parquet files, one at a time.

use std::path::Path;

use patterns_core::nearest;
use serde_json::{Map, Value};

use crate::decoding::{TextReader, text};
use crate::format::{ParquetBytes, ParquetRows, parquet_rows};
use crate::json_row::read;
use crate::lines::{Line, Lines};
use crate::table::Table;
use crate::twice::key_twice;
use crate::unpack::Input;
use crate::{Format, Limits, TextEncoding, Unreadable, UnreadableKind};

/// One row, as an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The line it begins on, from 1; of a Parquet file, the number of the row.
    pub line: u64,
    /// Its fields. A number that would not survive as one (`1.10`, or more digits than a float has) is
    /// the text that the file has.
    pub fields: Map<String, Value>,
}

impl Row {
    /// Returns a field that holds text; numbers and truth values count as text.
    pub fn text(&self, field: &str) -> Option<String> {
        match self.fields.get(field)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    /// Returns whether there is such a field and nothing in it.
    pub(crate) fn is_null(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(Value::is_null)
    }

    /// Says that there is nothing of a kind in a field, and which one may have been meant.
    pub fn lacks(&self, what: &str, field: &str) -> String {
        let nearest = nearest(field, self.fields.keys().map(String::as_str));
        let nearest = nearest.filter(|it| *it != field);
        let meant = nearest.map(|it| format!("did you mean {it:?}? "));
        let meant = meant.unwrap_or_default();
        let names = self.names();
        format!("there is no {what} in {field:?}; {meant}the fields are {names}")
    }

    /// Returns the names of the fields, for messages.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.fields.keys().map(String::as_str).collect();
        names.join(", ")
    }
}

/// How the text of rows is read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) encoding: Option<TextEncoding>,
    pub(crate) delimiter: Option<char>,
    pub(crate) limits: Limits,
}

/// The rows of a file.
pub struct RowReader {
    name: String,
    rows: Rows,
    is_over: bool,
    /// Rows that have a key twice, and rows that are not quite JSON.
    twice: Counted,
    mended: Counted,
}

/// What is said of rows: of the first when it is met, and at the end of the file how many more there are.
#[derive(Default)]
struct Counted {
    count: u64,
    notes: Vec<String>,
}

impl Counted {
    fn add(&mut self, note: impl FnOnce() -> String) {
        self.count += 1;
        if self.count == 1 {
            self.notes.push(note());
        }
    }

    fn end(&mut self, what: &str) {
        match self.count {
            0 | 1 => {}
            2 => self.notes.push(format!("the same of 1 more line: {what}")),
            all => {
                let more = all - 1;
                self.notes
                    .push(format!("the same of {more} more lines: {what}"));
            }
        }
    }
}

enum Rows {
    Jsonl(Lines<TextReader>, u64),
    Table(Box<Table>),
    Parquet(ParquetRows, u64),
}

impl RowReader {
    pub(crate) fn of(
        name: String,
        input: Input,
        path: Option<&Path>,
        format: Format,
        reading: Reading,
    ) -> Result<Self, Unreadable> {
        let most = reading.limits.document;
        let text = |input| text(input, reading.encoding.map(|it| it.0));
        let table = |input, delimiter| {
            let table = Table::open(name.clone(), text(input), delimiter, most);
            table.map(|it| Rows::Table(Box::new(it)))
        };
        let rows = match format {
            Format::Jsonl => {
                let mut lines = Lines::new(text(input), most);
                let found = lines.find_ends(false);
                found.map_err(|error| Unreadable::io(&name, &error))?;
                Rows::Jsonl(lines, 0)
            }
            Format::Csv => table(input, reading.delimiter)?,
            Format::Tsv => table(input, reading.delimiter.or(Some('\t')))?,
            Format::Parquet => Rows::Parquet(parquet(&name, input, path, reading.limits)?, 0),
            other => {
                let reason = format!("is not a file of rows, but {other}");
                return Err(Unreadable::new(UnreadableKind::Unsupported, name, reason));
            }
        };
        Ok(Self::new(name, rows))
    }

    /// Returns rows that were read elsewhere.
    pub(crate) fn parquet(name: String, rows: ParquetRows) -> Self {
        Self::new(name, Rows::Parquet(rows, 0))
    }

    fn new(name: String, rows: Rows) -> Self {
        Self {
            name,
            rows,
            is_over: false,
            twice: Counted::default(),
            mended: Counted::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the encoding, as far as it is known by now.
    pub(crate) fn encoding(&mut self) -> &'static str {
        self.text().map_or("UTF-8", |it| it.get_ref().encoding())
    }

    /// Returns what the user should know and has not been told.
    pub fn take_notes(&mut self) -> Vec<String> {
        let mut notes = match &mut self.rows {
            Rows::Table(table) => table.take_notes(),
            Rows::Jsonl(..) | Rows::Parquet(..) => Vec::new(),
        };
        for counted in [&mut self.twice, &mut self.mended] {
            notes.append(&mut counted.notes);
        }
        notes.extend(self.text().and_then(|it| it.get_mut().take_note()));
        notes
    }

    fn text(&mut self) -> Option<&mut TextReader> {
        match &mut self.rows {
            Rows::Jsonl(lines, _) => Some(lines.reader_mut()),
            Rows::Table(table) => Some(table.text()),
            Rows::Parquet(..) => None,
        }
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
                if bytes.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                if let Some(key) = key_twice(&bytes) {
                    self.twice
                        .add(|| format!("line {line} has {key:?} twice, of which the last counts"));
                }
                let row = read(name, *line, &bytes);
                return Some(row.map(|(fields, mended)| {
                    if let Some(what) = mended {
                        self.mended
                            .add(|| format!("line {line} is not JSON as it should be ({what})"));
                    }
                    Row {
                        line: *line,
                        fields,
                    }
                }));
            },
            Rows::Table(table) => table.next(),
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
        if row.is_none() {
            self.is_over = true;
            self.twice.end("a key twice");
            self.mended.end("not JSON as it should be");
        }
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

fn too_long(place: String) -> Unreadable {
    let reason = "the line is longer than a document may be";
    Unreadable::new(UnreadableKind::TooLarge, place, reason)
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
