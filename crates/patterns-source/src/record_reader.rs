//! The records of a log, one at a time.

use crate::decoding::TextReader;
use crate::lines::{Line, Lines};
use crate::{Records, Unreadable, UnreadableKind};

/// The records of a text.
pub(crate) struct RecordReader {
    name: String,
    lines: Lines<TextReader>,
    records: Records,
    most: usize,
    /// The number of the line that was read last.
    line: u64,
    /// The first line of the record under way, and its text; `None` if that is too long.
    open: Option<(u64, Option<String>)>,
    is_over: bool,
}

impl RecordReader {
    pub(crate) fn new(name: String, text: TextReader, records: Records, most: u64) -> Self {
        Self {
            lines: Lines::new(text, most),
            name,
            records,
            most: usize::try_from(most).unwrap_or(usize::MAX),
            line: 0,
            open: None,
            is_over: false,
        }
    }

    pub(crate) fn text(&mut self) -> &mut TextReader {
        self.lines.reader_mut()
    }

    /// Ends the record under way.
    fn end(&mut self) -> Option<Result<(u64, String), Unreadable>> {
        let (line, text) = self.open.take()?;
        Some(text.map(|text| (line, text)).ok_or_else(|| {
            let place = format!("{}:{line}", self.name);
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
    /// The first line of a record, and its text.
    type Item = Result<(u64, String), Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            if self.line == 0 {
                // What is wrong with it is said where it is read.
                let _ = self.lines.find_ends(false);
            }
            self.line += 1;
            let line = match self.lines.next() {
                Ok(None) => {
                    self.is_over = true;
                    break;
                }
                Ok(Some(Line::Whole(bytes))) => Some(String::from_utf8_lossy(&bytes).into_owned()),
                Ok(Some(Line::TooLong)) => None,
                Err(error) => {
                    self.is_over = true;
                    self.open = None;
                    let place = format!("{}:{}", self.name, self.line);
                    return Some(Err(Unreadable::io(place, &error)));
                }
            };
            let (ends, belongs) = match &line {
                Some(line) => self.records.judge(line),
                None => (matches!(self.records, Records::Line), true),
            };
            let ended = if ends { self.end() } else { None };
            if belongs {
                self.add(line.as_deref());
            }
            if ended.is_some() {
                return ended;
            }
        }
        self.end()
    }
}
