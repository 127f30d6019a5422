//! One document after the other.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::fmt;
use std::path::Path;

use patterns_core::Document;

use crate::decode::decode;
use crate::find::{Named, Place, name};
use crate::format::{docx, html, pdf};
use crate::input::{self, Bytes, Input};
use crate::lines::{Line, Lines};
use crate::rows::{Row, RowReader};
use crate::{Format, Records, Source, Unreadable, UnreadableKind};

/// A document that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced {
    /// Its id and text.
    pub document: Document,
    /// Where it is: a file, with the line where there is one.
    pub place: String,
    /// What it was read as.
    pub format: Format,
    /// The encoding of the file, such as `UTF-8`.
    pub encoding: &'static str,
}

impl Sourced {
    /// Returns the BLAKE3 digest of its text.
    pub fn digest(&self) -> [u8; 32] {
        *blake3::hash(self.document.text.as_bytes()).as_bytes()
    }
}

/// The documents of a [`Source`], read as they are asked for.
///
/// One document is in memory, and for the check of ids 8 bytes for each id that rows bring with them
/// (two different ones of a million are taken for the same with a chance of 3 in 100 million).
pub struct Documents {
    source: Source,
    places: VecDeque<Named>,
    current: Option<Reading>,
    seen: HashSet<u64>,
}

/// A file of several documents under way.
enum Reading {
    Rows(Box<RowReader>, Format, Fields),
    Records(Box<RecordReader>),
}

/// Where a row's text is looked for.
const TEXT_FIELDS: [&str; 5] = ["text", "content", "body", "message", "question"];

/// The field with the text, once the first row has told it.
type Fields = Option<String>;

type Item = Result<Sourced, Unreadable>;

impl Documents {
    pub(crate) fn new(source: Source, places: Vec<Named>) -> Self {
        Self {
            source,
            places: places.into(),
            current: None,
            seen: HashSet::new(),
        }
    }

    /// Returns the first document of a place, or begins to read its documents.
    fn begin(&mut self, place: &Place) -> Option<Item> {
        let (shown, opened) = match place {
            Place::File(path) => (name(path), input::open(path, self.source.limits)),
            Place::Stdin => ("stdin".to_owned(), input::stdin(self.source.limits)),
        };
        let path = match place {
            Place::File(path) => Some(path.as_path()),
            Place::Stdin => None,
        };
        if !self.seen.insert(short_hash(&format!("file {shown}"))) {
            let reason = "the file is named twice";
            return Some(Err(Unreadable::new(
                UnreadableKind::DuplicateId,
                shown,
                reason,
            )));
        }
        let opened = opened.and_then(|mut input| {
            let format = path.map_or(Format::Text, Format::of);
            let format = format.by_beginning(input.beginning()?);
            Ok((self.source.format.unwrap_or(format), input))
        });
        match opened {
            Err(error) => Some(Err(Unreadable::io(shown, &error))),
            Ok((format, input)) if format.has_rows() => {
                match RowReader::of(shown, input, path, format, self.source.limits) {
                    Ok(rows) => {
                        let fields = self.source.text.clone();
                        self.current = Some(Reading::Rows(Box::new(rows), format, fields));
                        None
                    }
                    Err(error) => Some(Err(error)),
                }
            }
            Ok((Format::Text | Format::Markdown, input)) if self.source.records.is_some() => {
                let records = self.source.records.clone()?;
                match RecordReader::new(shown, input, records, self.source.limits.document) {
                    Ok(reader) => {
                        self.current = Some(Reading::Records(Box::new(reader)));
                        None
                    }
                    Err(error) => Some(Err(error)),
                }
            }
            Ok((format, input)) => Some(self.whole(shown, input, format, path)),
        }
    }

    /// Reads a file that is one document.
    fn whole(&mut self, name: String, input: Input, format: Format, path: Option<&Path>) -> Item {
        let limits = self.source.limits;
        let most = match format {
            Format::Html | Format::Pdf | Format::Docx => limits.file,
            _ => limits.document,
        };
        let bytes = input
            .whole(most)
            .map_err(|error| Unreadable::io(&name, &error))?;
        let fail = |(kind, reason): (UnreadableKind, String)| {
            Unreadable::new(kind, &name, format!("the file {reason}"))
        };
        let too_large = || {
            fail((
                UnreadableKind::TooLarge,
                format!("has more than {most} bytes"),
            ))
        };
        let bytes = bytes.ok_or_else(too_large)?;
        if bytes.is_empty() {
            return Err(fail((UnreadableKind::Empty, "is empty".to_owned())));
        }
        let text = |bytes: &[u8]| decode(bytes).map_err(|it| fail((UnreadableKind::NotText, it)));
        let (text, encoding) = match format {
            Format::Pdf => (pdf(&bytes).map_err(fail)?, "UTF-8"),
            Format::Docx => (docx(bytes, limits).map_err(fail)?, "UTF-8"),
            Format::Html => {
                let (text, encoding) = text(&bytes)?;
                (html(&text).map_err(fail)?, encoding)
            }
            _ => text(&bytes)?,
        };
        if text.len() as u64 > limits.document {
            let reason = format!("has a text of more than {} bytes", limits.document);
            return Err(fail((UnreadableKind::TooLarge, reason)));
        }
        let id = name.clone();
        let place = path.map_or_else(|| "standard input".to_owned(), |_| name.clone());
        self.document(id, text, place, (format, encoding))
    }

    fn document(
        &mut self,
        id: String,
        text: String,
        place: String,
        (format, encoding): (Format, &'static str),
    ) -> Item {
        if text.trim().is_empty() {
            let reason = "there is no text";
            return Err(Unreadable::new(UnreadableKind::Empty, place, reason));
        }
        // Files, and places in them, are all different.
        if id != place && !self.seen.insert(short_hash(&id)) {
            let reason = format!("the id {id:?} is used twice");
            return Err(Unreadable::new(UnreadableKind::DuplicateId, place, reason));
        }
        let document = Document::new(id, text);
        Ok(Sourced {
            document,
            place,
            format,
            encoding,
        })
    }

    fn row(
        &mut self,
        name: &str,
        row: &Row,
        kind: (Format, &'static str),
        text: &mut Fields,
    ) -> Item {
        let place = format!("{name}:{}", row.line);
        let no_field = |what: &str, field: &str| {
            let reason = format!(
                "there is no {what} in {field:?}; the fields are {}",
                row.names()
            );
            Unreadable::new(UnreadableKind::NoField, &place, reason)
        };
        let id = match &self.source.id {
            None => row.text("id").unwrap_or_else(|| place.clone()),
            Some(field) => row.text(field).ok_or_else(|| no_field("id", field))?,
        };
        let text = match &self.source.template {
            Some(template) => {
                let filled = template.fill(|field| row.text(field));
                filled.map_err(|field| no_field("text", &field))?
            }
            None => {
                if text.is_none() {
                    let found = TEXT_FIELDS.iter().find(|field| row.text(field).is_some());
                    *text = found.map(|it| (*it).to_owned());
                }
                let Some(field) = text else {
                    let reason = format!("no field looks like the text: {}", row.names());
                    return Err(Unreadable::new(UnreadableKind::NoField, place, reason));
                };
                row.text(field).ok_or_else(|| no_field("text", field))?
            }
        };
        self.document(id, text, place, kind)
    }

    /// Returns the next document of the file under way.
    fn go_on(&mut self) -> Option<Item> {
        match self.current.take()? {
            Reading::Rows(mut rows, format, mut fields) => {
                let row = rows.next()?;
                let (name, encoding) = (rows.name().to_owned(), rows.encoding());
                let kind = (format, encoding);
                let item = row.and_then(|row| self.row(&name, &row, kind, &mut fields));
                self.current = Some(Reading::Rows(rows, format, fields));
                Some(item)
            }
            Reading::Records(mut records) => {
                let record = records.next()?;
                let encoding = records.encoding;
                self.current = Some(Reading::Records(records));
                Some(record.and_then(|(place, text)| {
                    self.document(place.clone(), text, place, (Format::Text, encoding))
                }))
            }
        }
    }
}

impl Iterator for Documents {
    type Item = Item;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.go_on() {
                return Some(item);
            }
            match self.places.front_mut()?.next() {
                None => drop(self.places.pop_front()),
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(place)) => {
                    if let Some(item) = self.begin(&place) {
                        return Some(item);
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

fn short_hash(id: &str) -> u64 {
    let mut half = [0; 8];
    half.copy_from_slice(&blake3::hash(id.as_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(half)
}

/// The records of a text.
struct RecordReader {
    name: String,
    lines: Lines<Bytes>,
    records: Records,
    encoding: &'static str,
    most: usize,
    /// The number of the line that was read last.
    line: u64,
    /// The first line of the record under way, and its text; `None` if that is too long.
    open: Option<(u64, Option<String>)>,
    /// A line that could not be read, after the record before it.
    failed: Option<Unreadable>,
    is_over: bool,
}

impl RecordReader {
    fn new(name: String, input: Input, records: Records, most: u64) -> Result<Self, Unreadable> {
        let text = input.text();
        let (bytes, encoding) = text.map_err(|error| Unreadable::io(&name, &error))?;
        Ok(Self {
            lines: Lines::new(bytes, most),
            name,
            records,
            encoding,
            most: usize::try_from(most).unwrap_or(usize::MAX),
            line: 0,
            open: None,
            failed: None,
            is_over: false,
        })
    }

    /// Ends the record under way.
    fn end(&mut self) -> Option<Result<(String, String), Unreadable>> {
        let (line, text) = self.open.take()?;
        let place = format!("{}:{line}", self.name);
        Some(text.map(|text| (place.clone(), text)).ok_or_else(|| {
            let reason = "the record is longer than a document may be";
            Unreadable::new(UnreadableKind::TooLarge, place, reason)
        }))
    }

    fn add(&mut self, line: Option<&str>) {
        let most = self.most;
        let (_, text) = self.open.get_or_insert((self.line, Some(String::new())));
        *text = match (text.take(), line) {
            (Some(mut text), Some(line)) if text.len() + line.len() < most => {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(line);
                Some(text)
            }
            _ => None,
        };
    }
}

impl Iterator for RecordReader {
    type Item = Result<(String, String), Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        while !self.is_over {
            self.line += 1;
            let line = match self.lines.next() {
                Ok(None) => {
                    self.is_over = true;
                    break;
                }
                Ok(Some(Line::Whole(bytes))) => String::from_utf8(bytes).map(Some),
                Ok(Some(Line::TooLong)) => Ok(None),
                Err(error) => {
                    self.is_over = true;
                    self.open = None;
                    let place = format!("{}:{}", self.name, self.line);
                    return Some(Err(Unreadable::io(place, &error)));
                }
            };
            let (ends, belongs) = match &line {
                Ok(Some(line)) => self.records.judge(line),
                Ok(None) | Err(_) => (matches!(self.records, Records::Line), true),
            };
            let ended = if ends { self.end() } else { None };
            match line {
                Ok(line) if belongs => self.add(line.as_deref()),
                Ok(_) => {}
                Err(error) => {
                    let at = error.utf8_error().valid_up_to();
                    let reason = crate::decode::not_utf8(at);
                    let place = format!("{}:{}", self.name, self.line);
                    let reason = format!("the line {reason}");
                    let error = Unreadable::new(UnreadableKind::NotText, place, reason);
                    // The record before it comes first.
                    return Some(match ended {
                        Some(record) => {
                            self.failed = Some(error);
                            record
                        }
                        None => Err(error),
                    });
                }
            }
            if ended.is_some() {
                return ended;
            }
        }
        self.end()
    }
}
