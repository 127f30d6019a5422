//! Opens one file, and reads it where it can do no harm.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::find::{Place, is_out_of_descriptors};
use crate::format::{Reason, refuse_foreign};
use crate::isolation::{Task, file_of, isolated_rows, isolated_whole};
use crate::rows::{Reading, RowReader};
use crate::unpack::{self, Input};
use crate::whole::{Whole, most, too_large, whole};
use crate::{Format, Isolation, Limits, Source, Unreadable};

impl Source {
    /// Opens a file and tells what it is.
    pub(crate) fn begin(&self, place: &Place) -> Result<(Format, Input), Unreadable> {
        let opened = self.patiently(|| match &place.path {
            Some(path) => unpack::open(path, self.limits),
            None => unpack::stdin(self.limits),
        });
        let opened = opened.and_then(|mut input| {
            let named = place.path.as_deref().map_or(Format::Text, Format::of);
            let found = named.by_beginning(input.beginning()?);
            Ok((self.format.unwrap_or(found), input))
        });
        let io = |error: io::Error| Unreadable::io(&place.shown, &error);
        let (format, mut input) = opened.map_err(io)?;
        if self.format.is_none() {
            refuse_foreign(input.beginning().map_err(io)?, format, &place.shown)?;
        }
        Ok((format, input))
    }

    /// Tries again while there is no file descriptor and the caller is willing to wait for one.
    fn patiently<T>(&self, mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        let mut waited = 0;
        loop {
            let result = act();
            let is_short = result.as_ref().is_err_and(is_out_of_descriptors);
            if !is_short || !self.wait.is_some_and(|wait| wait(waited)) {
                return result;
            }
            waited += 1;
        }
    }

    fn task(&self, format: Format) -> Task {
        Task::new(format, self.limits, self.encoding)
    }

    /// Returns the bytes of a file as a file, for another process.
    fn file(&self, place: &Place, input: Input, most: u64) -> io::Result<Option<File>> {
        if let Some(path) = place.path.as_ref().filter(|_| !input.is_packed) {
            return self.patiently(|| File::open(path)).map(Some);
        }
        let bytes = input.whole(most)?;
        bytes.map(|it| self.patiently(|| file_of(&it))).transpose()
    }

    /// Reads the rows of a file.
    pub(crate) fn rows(
        &self,
        place: &Place,
        format: Format,
        input: Input,
    ) -> Result<RowReader, Unreadable> {
        let (shown, limits) = (&place.shown, self.limits);
        let isolation = self.isolation.as_ref();
        if let Some(isolation) = isolation.filter(|_| format == Format::Parquet) {
            let io = |error: io::Error| Unreadable::io(shown, &error);
            let file = self.file(place, input, limits.file).map_err(io)?;
            let Some(file) = file else {
                let (kind, reason) = too_large(limits.file);
                return Err(Unreadable::new(kind, shown, format!("the file {reason}")));
            };
            let start = || isolated_rows(&**isolation, file.try_clone()?, self.task(format));
            let rows = self.patiently(start).map_err(io)?;
            return Ok(RowReader::parquet(shown.clone(), rows));
        }
        let reading = Reading {
            encoding: self.encoding,
            delimiter: self.delimiter,
            limits,
        };
        RowReader::of(shown.clone(), input, place.path.as_deref(), format, reading)
    }

    /// Reads a file that is one document.
    pub(crate) fn read(
        &self,
        place: &Place,
        format: Format,
        input: Input,
    ) -> Result<Whole, Unreadable> {
        let task = self.task(format);
        let most = most(&task);
        let read = match self.apart(format) {
            Some(isolation) => self.file(place, input, most).and_then(|file| match file {
                Some(file) => self.patiently(|| isolated_whole(isolation, file.try_clone()?, task)),
                None => Ok(Err(too_large(most))),
            }),
            None => input.whole(most).map(|bytes| match bytes {
                Some(bytes) => whole(bytes, &task),
                None => Err(too_large(most)),
            }),
        };
        of(&place.shown, "the file", read)
    }

    /// Reads a mail of a mailbox.
    pub(crate) fn read_mail(&self, place: &str, bytes: Vec<u8>) -> Result<Whole, Unreadable> {
        let task = self.task(Format::Mail);
        let read = match self.apart(Format::Mail) {
            Some(isolation) => self.patiently(|| isolated_whole(isolation, file_of(&bytes)?, task)),
            None => Ok(whole(bytes, &task)),
        };
        of(place, "the mail", read)
    }

    /// Returns how files of a format that invites attacks are read.
    fn apart(&self, format: Format) -> Option<&dyn Isolation> {
        let is_risky = matches!(
            format,
            Format::Html | Format::Pdf | Format::Docx | Format::Mail
        );
        self.isolation.as_deref().filter(|_| is_risky)
    }
}

impl RowReader {
    /// Opens a file of rows; one of a format that invites attacks is read in a process of its own.
    ///
    /// # Errors
    ///
    /// Returns an [`Unreadable`] if it is not there, or holds no rows.
    pub fn open(
        path: &Path,
        limits: Limits,
        isolation: Option<Arc<dyn Isolation>>,
    ) -> Result<Self, Unreadable> {
        let mut source = Source::new([path]).limits(limits);
        source.isolation = isolation;
        let place = Place::new(path.to_owned(), None);
        let (format, input) = source.begin(&place)?;
        source.rows(&place, format, input)
    }
}

fn of(
    place: &str,
    what: &str,
    read: io::Result<Result<Whole, Reason>>,
) -> Result<Whole, Unreadable> {
    let read = read.map_err(|error| Unreadable::io(place, &error))?;
    read.map_err(|(kind, reason)| Unreadable::new(kind, place, format!("{what} {reason}")))
}
