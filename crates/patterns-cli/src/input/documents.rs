//! Reads documents: a text file is one, a file of rows has one per row.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use patterns_core::Document;

use super::decode::decode;
use super::find::{self, Source, find};
use super::problems::Problems;
use super::rows::{self, Row, RowFormat};
use crate::error::{Error, ErrorKind, reason};

/// Which fields of a row are read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowFields<'a> {
    /// The text; by default the first of [`TEXT_FIELDS`] that the first row has.
    pub(crate) text: Option<&'a str>,
    /// The id; by default `id`, else the row's place.
    pub(crate) id: Option<&'a str>,
}

/// Where a row's text is looked for.
const TEXT_FIELDS: [&str; 5] = ["text", "content", "body", "message", "question"];

/// Reads all documents that `paths` name and checks every one of them.
///
/// # Errors
///
/// Returns an error that lists everything that is missing or not valid; or that there is nothing.
pub(crate) fn read_documents(
    paths: &[PathBuf],
    fields: RowFields<'_>,
) -> Result<Vec<Document>, Error> {
    let mut reader = Reader {
        fields,
        problems: Problems::default(),
        documents: Vec::new(),
        seen: HashMap::new(),
    };
    let sources = find(paths, &mut reader.problems);
    for source in &sources {
        reader.source(source);
    }
    reader.problems.check()?;
    if reader.documents.is_empty() {
        let names: Vec<String> = paths.iter().map(|it| it.display().to_string()).collect();
        let message = format!("there is no document in {}", names.join(", "));
        return Err(Error::new(ErrorKind::Empty, message)
            .help("name a file, or check the glob; hidden and ignored files are left out"));
    }
    Ok(reader.documents)
}

/// As [`read_documents`], where none are needed.
///
/// # Errors
///
/// As [`read_documents`].
pub(crate) fn read_context(paths: &[PathBuf]) -> Result<Vec<Document>, Error> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    read_documents(paths, RowFields::default())
}

struct Reader<'a> {
    fields: RowFields<'a>,
    problems: Problems,
    documents: Vec<Document>,
    /// Where each id was seen first.
    seen: HashMap<String, String>,
}

impl Reader<'_> {
    fn source(&mut self, source: &Source) {
        match source {
            Source::Stdin => {
                if let Some(text) = read_stdin(&mut self.problems) {
                    self.add("stdin".to_owned(), text, "standard input");
                }
            }
            Source::File(path) => {
                let name = find::name(path);
                let Some(text) = read_file(path, &name, &mut self.problems) else {
                    return;
                };
                match RowFormat::of(path) {
                    Some(format) => self.rows(&name, &text, format),
                    None => self.add(name.clone(), text, &name),
                }
            }
        }
    }

    fn rows(&mut self, name: &str, text: &str, format: RowFormat) {
        let rows = rows::read(name, text, format, &mut self.problems);
        let Some(field) = self.text_field(name, &rows) else {
            return;
        };
        for row in &rows {
            let place = format!("{name}:{}", row.line);
            let id = row.id(name, self.fields.id, &mut self.problems);
            match (id, row.text(&field)) {
                (Some(id), Some(text)) => self.add(id, text, &place),
                (None, _) => {}
                (_, None) => self.problems.invalid(format!(
                    "{place}: there is no text in {field:?}; the fields are {}",
                    row.names()
                )),
            }
        }
    }

    /// Returns the field with the text; files without rows need none.
    fn text_field(&mut self, name: &str, rows: &[Row]) -> Option<String> {
        let first = rows.first()?;
        if let Some(field) = self.fields.text {
            return Some(field.to_owned());
        }
        let found = TEXT_FIELDS.iter().find(|field| first.text(field).is_some());
        if found.is_none() {
            self.problems.invalid(format!(
                "{name}:{}: no field looks like the text; choose one with --text-field: {}",
                first.line,
                first.names()
            ));
        }
        found.map(|field| (*field).to_owned())
    }

    fn add(&mut self, id: String, text: String, place: &str) {
        if text.trim().is_empty() {
            self.problems.invalid(format!("{place}: there is no text"));
            return;
        }
        if let Some(first) = self.seen.insert(id.clone(), place.to_owned()) {
            let message = format!("{place}: the id {id:?} is used twice, first in {first}");
            self.problems.invalid(message);
            return;
        }
        self.documents.push(Document::new(id, text));
    }
}

/// Reads a whole file as text.
pub(super) fn read_file(path: &Path, name: &str, problems: &mut Problems) -> Option<String> {
    match fs::read(path) {
        Ok(bytes) => text_of(&bytes, name, problems),
        Err(error) => {
            problems.missing(format!("{name}: {}", reason(&error)));
            None
        }
    }
}

fn read_stdin(problems: &mut Problems) -> Option<String> {
    let mut bytes = Vec::new();
    if crate::terminal::is_stdin_terminal() {
        problems.missing("-: nothing is piped into standard input".to_owned());
        return None;
    }
    match std::io::stdin().lock().read_to_end(&mut bytes) {
        Ok(_) => text_of(&bytes, "standard input", problems),
        Err(error) => {
            problems.missing(format!("standard input: {}", reason(&error)));
            None
        }
    }
}

fn text_of(bytes: &[u8], name: &str, problems: &mut Problems) -> Option<String> {
    if bytes.is_empty() {
        problems.invalid(format!("{name}: the file is empty"));
        return None;
    }
    match decode(bytes) {
        Ok(text) => Some(text),
        Err(problem) => {
            problems.invalid(format!("{name}: the file {problem}"));
            None
        }
    }
}
