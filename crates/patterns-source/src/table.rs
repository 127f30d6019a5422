//! The rows of a CSV or TSV file.

use serde_json::{Map, Value};

use crate::decoding::TextReader;
use crate::lines::{Line, Lines};
use crate::rows::Row;
use crate::separated::{Divided, Fields, after_comments, comments, delimiter, named_delimiter};
use crate::{Unreadable, UnreadableKind};

/// The rows of a CSV or TSV file: the names of the fields are in the first one.
pub(crate) struct Table {
    name: String,
    lines: Lines<TextReader>,
    delimiter: char,
    header: Vec<String>,
    /// The number of the line that was read last.
    line: u64,
    most: u64,
    /// Whether a field has shown that `\"` stands for a quote here.
    has_escapes: bool,
    notes: Vec<String>,
    is_over: bool,
}

/// The line on which a record begins, and its fields.
type Record = (u64, Vec<String>);

impl Table {
    /// Reads the header; what separates fields is found out if it isn't given.
    pub(crate) fn open(
        name: String,
        text: TextReader,
        given: Option<char>,
        most: u64,
    ) -> Result<Self, Unreadable> {
        let mut table = Self {
            lines: Lines::new(text, most),
            delimiter: given.unwrap_or(','),
            header: Vec::new(),
            line: 0,
            most,
            has_escapes: false,
            notes: Vec::new(),
            is_over: false,
            name,
        };
        table.begin(given)?;
        let Some((line, header)) = table.record().transpose()? else {
            return Ok(table);
        };
        table.name_columns(line, header);
        Ok(table)
    }

    /// Looks how the text begins.
    fn begin(&mut self, given: Option<char>) -> Result<(), Unreadable> {
        let io = |error| Unreadable::io(&self.name, &error);
        self.lines.find_ends(true).map_err(io)?;
        let beginning = self.lines.peek().map_err(io)?;
        let beginning = String::from_utf8_lossy(beginning).into_owned();
        let beginning = beginning.trim_start_matches('\u{feff}');
        let first = beginning.split(['\r', '\n']).next().unwrap_or_default();
        if let Some(named) = named_delimiter(first) {
            self.delimiter = given.unwrap_or(named);
            self.pass_over(1);
            return Ok(());
        }
        let beginning = beginning.replace('\r', "\n");
        let after = after_comments(&beginning);
        self.delimiter = given.unwrap_or_else(|| delimiter(after));
        let comments = comments(&beginning, self.delimiter);
        if comments > 0 {
            let header = comments + 1;
            let note = format!(
                "lines above the header that begin with # are not read: {comments}; line {header} names the columns"
            );
            self.notes.push(note);
            self.pass_over(comments);
        }
        Ok(())
    }

    /// Goes past lines that have been looked at and are there.
    fn pass_over(&mut self, lines: usize) {
        for _ in 0..lines {
            self.line += 1;
            let _ = self.lines.next();
        }
    }

    /// Sets the names of the columns. One without a name has none as long as it is empty.
    fn name_columns(&mut self, line: u64, header: Vec<String>) {
        for (at, field) in header.iter().enumerate() {
            let is_space = |it: char| it.is_whitespace() || it == '\u{feff}';
            let field = field.trim_matches(is_space).to_owned();
            if !field.is_empty() && self.header.contains(&field) {
                let column = at + 1;
                self.notes.push(format!(
                    "two columns are called {field:?} in line {line}; the later one is taken for \"{field} ({column})\""
                ));
                self.header.push(format!("{field} ({column})"));
            } else {
                self.header.push(field);
            }
        }
    }

    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    pub(crate) fn text(&mut self) -> &mut TextReader {
        self.lines.reader_mut()
    }

    /// Returns the next record that is not blank.
    fn record(&mut self) -> Option<Result<Record, Unreadable>> {
        let mut fields = Fields::new(self.delimiter, self.has_escapes);
        let (mut first, mut size) = (0, 0);
        while !self.is_over {
            self.line += 1;
            if !fields.is_open() {
                (first, size) = (self.line, 0);
            }
            let place = format!("{}:{first}", self.name);
            let bytes = match self.lines.next() {
                Ok(None) if fields.is_open() => return Some(Err(self.not_closed(place))),
                Ok(None) => return None,
                Ok(Some(Line::Whole(bytes))) => bytes,
                Ok(Some(Line::TooLong)) => return Some(Err(self.too_long(place))),
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(Unreadable::io(place, &error)));
                }
            };
            size += bytes.len() as u64;
            if size > self.most {
                return Some(Err(self.too_long(place)));
            }
            let text = String::from_utf8_lossy(&bytes);
            let marks = if self.line == 1 { "\u{feff}" } else { "" };
            let divided = fields.add(text.trim_start_matches(|it| marks.contains(it)));
            self.has_escapes = fields.has_escapes();
            match divided {
                Divided::Open => {}
                Divided::Stray => return Some(Err(self.not_closed(place))),
                Divided::Record(fields) if fields.iter().all(|it| is_blank(it)) => {}
                Divided::Record(fields) => return Some(Ok((first, fields))),
            }
        }
        None
    }

    /// Ends the table: nobody knows what belongs together after a quote that is not closed.
    fn not_closed(&mut self, place: String) -> Unreadable {
        self.is_over = true;
        let reason = "a quote opens here that is not closed as it should be; the rows from here on were not read";
        Unreadable::new(UnreadableKind::Broken, place, reason)
    }

    fn too_long(&mut self, place: String) -> Unreadable {
        self.is_over = true;
        let reason = "the row is longer than a document may be (is a quote not closed?); the rows from here on were not read";
        Unreadable::new(UnreadableKind::TooLarge, place, reason)
    }

    fn row(&self, line: u64, mut values: Vec<String>) -> Result<Row, Unreadable> {
        let (count, expected) = (values.len(), self.header.len());
        while values.len() > expected && values.last().is_some_and(|it| it.is_empty()) {
            values.pop();
        }
        if values.len() != expected {
            let reason = format!("the row has {count} values, the header {expected}");
            let place = format!("{}:{line}", self.name);
            return Err(Unreadable::new(UnreadableKind::Broken, place, reason));
        }
        let named = self.header.iter().zip(values).enumerate();
        let named = named.filter_map(|(at, (name, value))| match name.is_empty() {
            true if value.is_empty() => None,
            true => Some((format!("column {}", at + 1), Value::from(value))),
            false => Some((name.clone(), Value::from(value))),
        });
        let fields: Map<String, Value> = named.collect();
        Ok(Row { line, fields })
    }
}

impl Iterator for Table {
    type Item = Result<Row, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.record()?;
        Some(record.and_then(|(line, values)| self.row(line, values)))
    }
}

/// Returns whether a field is empty; a file may be filled up with NULs.
fn is_blank(field: &str) -> bool {
    field.chars().all(|it| it.is_whitespace() || it == '\0')
}
