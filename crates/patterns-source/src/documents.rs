//! One document after the other.
//!
//! They are an iterator, not a stream: files block, and their readers are synchronous. Who wants to read ahead
//! gives them a thread. What cannot be read has its place among them, so that every account adds up.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use patterns_core::Document;

use crate::decoding::text;
use crate::find::{Named, Place};
use crate::mailbox::Mailbox;
use crate::record_reader::RecordReader;
use crate::row_documents::RowDocuments;
use crate::sourced::{Item, sourced};
use crate::wanted::Wanted;
use crate::whole::Whole;
use crate::{Format, Sample, Source, Unreadable, UnreadableKind, unpack};

/// The documents of a [`Source`], read as they are asked for.
///
/// One document is in memory, and for the check of ids 8 bytes for each id that rows bring with them
/// and 16 for each file (two different ones of a million are taken for the same with a chance of 3 in
/// 100 million).
pub struct Documents {
    source: Source,
    places: VecDeque<Named>,
    current: Option<Current>,
    /// The files that were read, and the ids that were given.
    seen: HashSet<u64>,
    notes: Vec<String>,
    wanted: Wanted,
    /// How many were come to, those that are not wanted included.
    number: u64,
}

/// A document that was come to.
enum Met {
    Read(Item),
    /// It is not wanted, and was not read: its name.
    Passed(String),
}

impl Met {
    fn name(&self) -> &str {
        match self {
            Self::Read(Ok(it)) => &it.document.id,
            Self::Read(Err(error)) => error.place(),
            Self::Passed(name) => name,
        }
    }
}

/// A file of several documents under way.
enum Current {
    Rows(Box<RowDocuments>),
    /// Records, with the name of the file in ids.
    Records(Box<RecordReader>, String, String),
    /// Mails, with the same.
    Mails(Box<Mailbox>, String, String),
}

impl Documents {
    pub(crate) fn new(source: Source, places: Vec<Named>) -> Self {
        Self {
            source,
            places: places.into(),
            current: None,
            seen: HashSet::new(),
            notes: Vec::new(),
            wanted: Wanted::All,
            number: 0,
        }
    }

    /// Reads the first so many only.
    #[must_use]
    pub fn first(mut self, most: u64) -> Self {
        self.wanted = Wanted::First(most);
        self
    }

    /// Reads those only that have these numbers, counted from 0. Files that are not among them are not
    /// read; of rows and records, all have to be.
    #[must_use]
    pub fn only(mut self, numbers: BTreeSet<u64>) -> Self {
        self.wanted = Wanted::Those(numbers);
        self
    }

    /// Offers all of them to a sample, by their names; what is a file by itself is not read for that.
    pub fn offer_to(mut self, sample: &mut Sample) {
        self.wanted = Wanted::None;
        while let Some(met) = self.meet() {
            sample.offer(met.name());
        }
    }

    /// Shows what is read of the first `most` documents until enough is seen; what is a file by itself is not
    /// read for that.
    pub fn show(mut self, most: u64, mut is_enough: impl FnMut(&Item) -> bool) {
        self.wanted = Wanted::None;
        while self.number < most
            && let Some(met) = self.meet()
        {
            if matches!(&met, Met::Read(item) if is_enough(item)) {
                return;
            }
        }
    }

    /// Counts them up to `most`; what is a file by itself is not read for that.
    pub fn count_up_to(mut self, most: u64) -> u64 {
        self.wanted = Wanted::None;
        while self.number < most && self.meet().is_some() {}
        self.number
    }

    /// Returns what the user should know about what was read since the last time: that an encoding was
    /// guessed, which page of a PDF is missing.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Counts files; `None` if one may have several documents, or past `most`. Of a text it is looked at how it
    /// begins: it may be a mailbox.
    pub fn count_files(mut self, most: usize) -> Option<usize> {
        let mut count = 0;
        while let Some(named) = self.places.front_mut() {
            match named.next(self.source.wait) {
                Some(Ok(place)) if self.source.leaves_out(&place) => {}
                Some(Ok(Place {
                    path: Some(path), ..
                })) if self.is_whole(&path) => count += 1,
                Some(Ok(_)) => return None,
                Some(Err(_)) => count += 1,
                None => {
                    self.places.pop_front();
                }
            }
            if count > most {
                return None;
            }
        }
        Some(count)
    }

    fn is_whole(&self, path: &Path) -> bool {
        match self.source.format.unwrap_or_else(|| self.format(path)) {
            format if format.is_text() => {
                self.source.records.is_none() && format != Format::Mailbox
            }
            format => !format.has_rows(),
        }
    }

    /// Returns what a file is, by how it begins if its name says little. What is no regular file is not opened: it
    /// could be read only once.
    fn format(&self, path: &Path) -> Format {
        let named = Format::of(path);
        if !matches!(named, Format::Text | Format::Markdown) || !path.is_file() {
            return named;
        }
        // Most files begin in no way that matters, which is seen without reading more of them.
        let mut first = [0; 4];
        let read = File::open(path).and_then(|mut it| it.read(&mut first));
        let may_have_several = matches!(&first, b"From" | b"PAR1" | [0x1f, 0x8b, ..]);
        if read.is_ok() && !may_have_several {
            return named;
        }
        let begun = unpack::open(path, self.source.limits);
        let found = begun.and_then(|mut it| Ok(named.by_beginning(it.beginning()?)));
        found.unwrap_or(named)
    }

    /// Returns the first document of a place, or begins to read its documents.
    fn begin(&mut self, place: Place) -> Option<Met> {
        if !self.seen.insert(short_hash(place.file())) {
            let (kind, reason) = (UnreadableKind::DuplicateId, "the file is named twice");
            return Some(Met::Read(Err(Unreadable::new(kind, place.shown, reason))));
        }
        let name = self.name(&place);
        let begun = self.source.begin(&place).and_then(|(format, input)| {
            if format.has_rows() {
                let rows = self.source.rows(&place, format, input)?;
                let rows = RowDocuments::new(rows, format, name.clone(), self.source.clone());
                self.current = Some(Current::Rows(Box::new(rows)));
                return Ok(None);
            }
            let records = self.source.records.clone();
            if let Some(records) = records.filter(|_| format.is_text()) {
                let text = text(input, self.source.encoding.map(|it| it.0));
                let most = self.source.limits.document;
                let reader = RecordReader::new(place.shown.clone(), text, records, most);
                let shown = place.shown.clone();
                self.current = Some(Current::Records(Box::new(reader), name.clone(), shown));
                return Ok(None);
            }
            if format == Format::Mailbox {
                let mailbox = Mailbox::new(place.shown.clone(), input, self.source.limits.file);
                let shown = place.shown.clone();
                self.current = Some(Current::Mails(Box::new(mailbox), name.clone(), shown));
                return Ok(None);
            }
            if !self.wanted.has(self.number) {
                return Ok(Some(Met::Passed(name.clone())));
            }
            let whole = self.source.read(&place, format, input)?;
            let shown = match place.path {
                Some(_) => place.shown.clone(),
                None => "standard input".to_owned(),
            };
            let item = self.document(name.clone(), shown, format, whole);
            Ok(Some(Met::Read(item)))
        });
        begun.unwrap_or_else(|error| Some(Met::Read(Err(error))))
    }

    /// Returns what a file is called: by its place below what was named, unless another is called so.
    fn name(&mut self, place: &Place) -> String {
        let others = (2..).map(|n| format!("{} ({n})", place.shown));
        let names = [place.name.clone(), place.shown.clone()];
        let mut names = names.into_iter().chain(others);
        names
            .find(|it| self.seen.insert(short_hash(it)))
            .unwrap_or_default()
    }

    /// Makes a document of what was read.
    fn document(&mut self, name: String, shown: String, format: Format, whole: Whole) -> Item {
        let Whole {
            text,
            attachment,
            encoding,
            notes,
        } = whole;
        self.notes
            .extend(notes.into_iter().map(|it| format!("{shown}: {it}")));
        let document = Document {
            attachment,
            ..Document::new(name, text)
        };
        sourced(document, shown, format, encoding)
    }

    /// Returns the next document of the file under way.
    fn go_on(&mut self) -> Option<Met> {
        let mut current = self.current.take()?;
        let (item, notes, shown) = match &mut current {
            Current::Rows(rows) => {
                let item = rows.next(&mut self.seen);
                (item, rows.take_notes(), rows.shown().to_owned())
            }
            Current::Records(records, name, shown) => {
                let record = records.next();
                let decoding = records.text().get_mut();
                let encoding = decoding.encoding().to_owned();
                let notes = decoding.take_note().into_iter().collect();
                let item = record.map(|it| {
                    let (line, text) = it?;
                    let document = Document::new(format!("{name}:{line}"), text);
                    let place = format!("{shown}:{line}");
                    sourced(document, place, Format::Text, encoding)
                });
                (item, notes, shown.clone())
            }
            Current::Mails(mails, name, shown) => {
                let met = self.mail(mails.next()?, name, shown);
                self.current = Some(current);
                return Some(met);
            }
        };
        let notes: Vec<String> = notes;
        let about = |note: String| format!("{shown}: {note}");
        self.notes.extend(notes.into_iter().map(about));
        if item.is_some() {
            self.current = Some(current);
        }
        item.map(Met::Read)
    }

    /// Reads a mail of a mailbox, if it is wanted.
    fn mail(&mut self, mail: Result<(u64, Vec<u8>), Unreadable>, name: &str, shown: &str) -> Met {
        let (line, bytes) = match mail {
            Ok(mail) => mail,
            Err(error) => return Met::Read(Err(error)),
        };
        let name = format!("{name}:{line}");
        if !self.wanted.has(self.number) {
            return Met::Passed(name);
        }
        let place = format!("{shown}:{line}");
        let read = self.source.read_mail(&place, bytes);
        Met::Read(read.and_then(|whole| self.document(name, place, Format::Mail, whole)))
    }
}

impl Documents {
    /// Comes to the next document and counts it.
    fn meet(&mut self) -> Option<Met> {
        let met = self.next_met()?;
        self.number += 1;
        Some(met)
    }

    fn next_met(&mut self) -> Option<Met> {
        loop {
            if let Some(met) = self.go_on() {
                return Some(met);
            }
            let named = self.places.front_mut()?;
            match named.next(self.source.wait) {
                None => {
                    self.notes.extend(named.notes());
                    self.places.pop_front();
                }
                Some(Err(error)) => return Some(Met::Read(Err(error))),
                Some(Ok(place)) if self.source.leaves_out(&place) => {}
                Some(Ok(place)) => {
                    if let Some(met) = self.begin(place) {
                        return Some(met);
                    }
                }
            }
        }
    }
}

impl Iterator for Documents {
    type Item = Item;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.wanted.is_over(self.number) {
            let number = self.number;
            match self.meet()? {
                Met::Read(item) if self.wanted.has(number) => return Some(item),
                Met::Read(_) | Met::Passed(_) => {}
            }
        }
        None
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

pub(crate) fn short_hash(id: impl AsRef<[u8]>) -> u64 {
    let mut half = [0; 8];
    half.copy_from_slice(&blake3::hash(id.as_ref()).as_bytes()[..8]);
    u64::from_le_bytes(half)
}
