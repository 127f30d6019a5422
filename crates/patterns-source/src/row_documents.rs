//! The documents that the rows of a file are.
//!
//! A field that no row has is one mistake, not one per row: what is wrong with rows is held back until
//! one of them has the field, and said once for the file if none has.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use patterns_core::Document;

use crate::documents::short_hash;
use crate::rows::{Row, RowReader};
use crate::separated::TEXT_FIELDS;
use crate::sourced::{Item, sourced};
use crate::{Format, Source, Unreadable, UnreadableKind};

/// How many rows are looked at for a field before it is taken for a mistake.
const MOST_HELD_BACK: usize = 1_000;

/// The documents that the rows of a file are.
pub(crate) struct RowDocuments {
    rows: RowReader,
    format: Format,
    /// The file in ids.
    name: String,
    source: Source,
    /// The field with the text, once a row has told it.
    text: Option<String>,
    /// Whether a row had all fields that were asked for.
    is_right: bool,
    held_back: VecDeque<Item>,
    is_over: bool,
    /// The names of the fields of the last row, if they are asked for.
    names: Option<Arc<[String]>>,
}

impl RowDocuments {
    pub(crate) fn new(rows: RowReader, format: Format, name: String, source: Source) -> Self {
        Self {
            text: source.text.clone(),
            rows,
            format,
            name,
            source,
            is_right: false,
            held_back: VecDeque::new(),
            is_over: false,
            names: None,
        }
    }

    pub(crate) fn shown(&self) -> &str {
        self.rows.name()
    }

    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        self.rows.take_notes()
    }

    /// Returns the next document; ids are `seen` once.
    pub(crate) fn next(&mut self, seen: &mut HashSet<u64>) -> Option<Item> {
        if (self.is_right || self.is_over)
            && let Some(item) = self.held_back.pop_front()
        {
            return Some(item);
        }
        while !self.is_over {
            let Some(row) = self.rows.next() else {
                self.is_over = true;
                break;
            };
            let item = row.and_then(|row| self.document(&row, seen));
            let is_wrong = |it: &Unreadable| it.kind() == UnreadableKind::NoField;
            match item {
                Err(error) if is_wrong(&error) && !self.is_right => {
                    self.held_back.push_back(Err(error));
                    self.is_over = self.held_back.len() >= MOST_HELD_BACK;
                }
                item if self.held_back.is_empty() => return Some(item),
                item => {
                    self.held_back.push_back(item);
                    if self.is_right {
                        break;
                    }
                }
            }
        }
        if !self.is_right {
            self.say_once();
        }
        self.held_back.pop_front()
    }

    /// Puts one error in the place of those that all rows have.
    fn say_once(&mut self) {
        let is_wrong = |it: &Item| {
            let error = it.as_ref().err();
            error.is_some_and(|it| it.kind() == UnreadableKind::NoField)
        };
        let Some(first) = self.held_back.iter().position(is_wrong) else {
            return;
        };
        let count = self.held_back.iter().filter(|it| is_wrong(it)).count();
        if count < 2 {
            return;
        }
        let rest = match self.held_back.len() >= MOST_HELD_BACK {
            true => ", and the rows after those were not read",
            false => "",
        };
        let Some(Err(error)) = self.held_back.get(first) else {
            return;
        };
        let reason = format!("{}; the same in each of {count} rows{rest}", error.reason());
        let once = Unreadable::new(UnreadableKind::NoField, error.place(), reason);
        self.held_back.retain(|it| !is_wrong(it));
        self.held_back.push_front(Err(once));
    }

    fn document(&mut self, row: &Row, seen: &mut HashSet<u64>) -> Item {
        let place = format!("{}:{}", self.rows.name(), row.line);
        let wrong = |reason| Unreadable::new(UnreadableKind::NoField, &place, reason);
        let id = self.id(row).map_err(wrong)?;
        let text = self.text(row).map_err(wrong)?;
        self.is_right = true;
        let encoding = self.rows.encoding().to_owned();
        let named = id.unwrap_or_else(|| format!("{}:{}", self.name, row.line));
        let mut document = Document::new(named, text);
        document.columns = self.source.keep.as_ref().map(|it| it.of(row));
        let mut item = sourced(document, place, self.format, encoding)?;
        item.names = self.names(row);
        if !seen.insert(short_hash(item.document.id.as_str())) {
            let reason = format!("the id {:?} is used twice", item.document.id.as_str());
            let kind = UnreadableKind::DuplicateId;
            return Err(Unreadable::new(kind, item.place, reason));
        }
        Ok(item)
    }

    /// Returns the names of the fields of a row, if they are asked for: most rows have those of the last.
    fn names(&mut self, row: &Row) -> Option<Arc<[String]>> {
        self.source.keep.as_ref()?;
        let is_same = |it: &Arc<[String]>| it.iter().eq(row.fields.keys());
        if !self.names.as_ref().is_some_and(is_same) {
            self.names = Some(row.fields.keys().cloned().collect());
        }
        self.names.clone()
    }

    /// Returns the id of a row, if it has one.
    fn id(&self, row: &Row) -> Result<Option<String>, String> {
        let field = match &self.source.id {
            None => like(row, "id"),
            Some(field) if row.fields.contains_key(field) => Some(field.as_str()),
            Some(field) => return Err(row.lacks("id", field)),
        };
        let Some(field) = field else { return Ok(None) };
        if row.is_null(field) {
            return Ok(None);
        }
        match row.text(field) {
            Some(id) => Ok(Some(id).filter(|it| !it.trim().is_empty())),
            None if self.source.id.is_some() => Err(row.lacks("id", field)),
            None => Ok(None),
        }
    }

    fn text(&mut self, row: &Row) -> Result<String, String> {
        if let Some(template) = &self.source.template {
            return template.fill(row);
        }
        if self.text.is_none() {
            let found = TEXT_FIELDS.iter().filter_map(|it| like(row, it));
            let mut found = found.filter(|it| row.text(it).is_some());
            self.text = found.next().map(str::to_owned);
        }
        let Some(field) = &self.text else {
            return Err(format!("no field looks like the text: {}", row.names()));
        };
        match row.text(field) {
            Some(text) => Ok(text),
            None if row.is_null(field) => Ok(String::new()),
            None => Err(row.lacks("text", field)),
        }
    }
}

/// Returns the field of this name, in whatever case it is written.
fn like<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    if let Some((field, _)) = row.fields.get_key_value(name) {
        return Some(field);
    }
    let mut fields = row.fields.keys().map(String::as_str);
    fields.find(|it| it.trim().eq_ignore_ascii_case(name))
}
