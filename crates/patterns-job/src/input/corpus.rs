//! The documents of a run: opened before the first call, read while it goes on.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use patterns_core::{Attachment, Document, ModelId, Split};
use patterns_llm::{takes, token_counter};
use patterns_parallel::map_reduce::MapInput;
use patterns_source::{ColumnKind, Documents, Source, Sourced, Splitter, Unreadable};

use super::Reader;
use super::ahead::{AHEAD, Ahead};
use super::chosen::{Chosen, MOST_COUNTED, Taken, piped};
use super::rows::{KeptColumns, check_rows};
use super::source::{open, problems, source, splitter};
use crate::job::{Choice, SourcePart};
use crate::job_error::{JobError, JobErrorKind};

pub(crate) type Item = Result<Sourced, Unreadable>;

/// The next document, or that there is none, and what the user should know about how it was read.
#[derive(Debug)]
struct Read {
    item: Option<Item>,
    notes: Vec<String>,
}

/// The documents of a run.
#[derive(Debug)]
pub struct Corpus {
    /// What was read to see that there is something to work on.
    first: Vec<Item>,
    rest: Documents,
    /// The columns that rows come with.
    columns: Vec<(String, ColumnKind)>,
    /// How many there are, if that is known.
    total: Option<usize>,
    /// How much of the input that is, if that may not be all.
    taken: Option<Taken>,
    /// What cuts long ones.
    splitter: Option<Splitter>,
    /// What the user should know about what was read so far.
    notes: Vec<String>,
    reader: Reader,
    /// Who is asked about them, once that is known.
    model: Option<ModelId>,
}

/// How many unreadable documents are passed over in search of the first readable one.
const PATIENCE: usize = 1_000;

impl Corpus {
    /// Opens the inputs, whose rows come with those of their columns that are kept.
    ///
    /// # Errors
    ///
    /// Returns an error if there is nothing to work on: an input names nothing, or nothing in them can
    /// be read, or no row has one of the columns. Where reading is strict, also if anything cannot.
    pub fn open(
        inputs: &[PathBuf],
        part: &SourcePart,
        choice: Choice,
        kept: Option<&KeptColumns>,
        reader: &Reader,
    ) -> Result<Self, JobError> {
        let mut source = source(inputs, part, reader);
        if let Some(kept) = kept {
            source = source.keep(kept.keep.clone());
        }
        let splitter = splitter(part)?;
        // Standard input can be read only once.
        let is_piped = inputs.iter().any(|it| it == Path::new("-"));
        let Opened {
            mut first,
            mut rest,
            mut total,
            taken,
        } = match is_piped {
            true => Opened::piped(open(&source)?, choice, part.strict),
            false => Opened::files(&source, choice, part.strict)?,
        };
        if (is_piped && part.strict) || !first.iter().any(Result::is_ok) {
            problems(first.iter().filter_map(|it| it.as_ref().err()))?;
        }
        if first.is_empty() {
            let names: Vec<String> = inputs.iter().map(|it| it.display().to_string()).collect();
            let message = format!("there is no document in {}", names.join(", "));
            let help = match inputs.iter().all(|it| it.is_file()) {
                true => "what is named is there, and has nothing in it, or no row below its header",
                false => "name a file, or check the glob; hidden and ignored files are left out",
            };
            return Err(JobError::new(JobErrorKind::Empty, message).help(help));
        }
        check_rows(part, &first, || (!is_piped).then(|| open(&source)))?;
        let columns = match kept {
            None => Vec::new(),
            Some(kept) if is_piped => kept.ahead(&mut first, &mut rest, &mut total)?,
            Some(kept) => kept.found(|| open(&source), choice)?,
        };
        let notes = rest.take_notes();
        Ok(Self {
            first,
            columns,
            rest,
            total,
            taken,
            splitter,
            notes,
            reader: reader.clone(),
            model: None,
        })
    }

    /// Returns how much of the input it is, if that may not be all.
    pub fn taken(&self) -> Option<Taken> {
        self.taken
    }

    /// Returns the columns that rows come with, and what is in them.
    pub fn columns(&self) -> &[(String, ColumnKind)] {
        &self.columns
    }

    /// Reads one document after the other, as they are.
    pub(crate) fn each(self) -> impl Iterator<Item = Item> {
        self.first.into_iter().chain(self.rest)
    }

    /// Reads all of it at once.
    ///
    /// # Errors
    ///
    /// Returns an error if anything cannot be read.
    pub fn whole(self) -> Result<Vec<Document>, JobError> {
        let mut documents = Vec::new();
        let mut wrong = Vec::new();
        let mut rest = self.rest;
        for item in self.first.into_iter().chain(rest.by_ref()) {
            match item {
                Ok(it) => documents.push(it.document),
                Err(error) => wrong.push(error),
            }
        }
        problems(wrong.iter())?;
        warn(
            &self.reader,
            self.notes.into_iter().chain(rest.take_notes()),
        );
        Ok(documents)
    }

    /// Prepares for this model: documents are cut by its tokens, if its tokenizer is known; else they are
    /// estimated. What has more than there is `room` for is cut in any case, and what it cannot be sent counts
    /// as unreadable.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be sent any of them.
    pub fn asked_of(&mut self, model: &ModelId, room: Option<NonZeroU64>) -> Result<(), JobError> {
        let splitter = self.splitter.take().or(room.map(Splitter::new));
        self.splitter = match token_counter(model) {
            Some(counter) => splitter.map(|it| it.tokens(counter)),
            None => splitter,
        };
        let first = std::mem::take(&mut self.first).into_iter();
        self.first = first.map(|it| sendable(Some(model), it)).collect();
        self.model = Some(model.clone());
        let is_all = self.total == Some(self.first.len());
        match is_all && self.first.iter().all(Result::is_err) {
            true => problems(self.first.iter().filter_map(|it| it.as_ref().err())),
            false => Ok(()),
        }
    }

    /// Returns what cuts the documents, if anything does.
    pub fn splitter(&self) -> Option<Arc<dyn Split>> {
        let splitter = self.splitter.clone()?;
        Some(Arc::new(splitter))
    }

    /// Reads on in a thread of its own, a few documents ahead of those who work on them.
    ///
    /// # Errors
    ///
    /// Returns an error if there can be no such thread.
    pub fn stream(self) -> Result<CorpusStream, JobError> {
        let Self {
            first,
            rest,
            total,
            notes,
            reader,
            model,
            ..
        } = self;
        warn(&reader, notes.into_iter());
        let rest = match total == Some(first.len()) {
            true => None,
            false => Some(Ahead::start(ReadOn(Some(rest))).map_err(|error| {
                let message = format!("cannot start to read: {error}");
                JobError::new(JobErrorKind::Io, message).help("try again")
            })?),
        };
        Ok(CorpusStream {
            first: first.into(),
            rest,
            left: total,
            reader,
            model,
        })
    }
}

/// Reads until it has said that there is no more.
struct ReadOn(Option<Documents>);

impl Iterator for ReadOn {
    type Item = Read;

    fn next(&mut self) -> Option<Read> {
        let rest = self.0.as_mut()?;
        let item = rest.next();
        let notes = rest.take_notes();
        if item.is_none() {
            self.0 = None;
        }
        Some(Read { item, notes })
    }
}

/// The documents as they are found.
struct Opened {
    first: Vec<Item>,
    rest: Documents,
    total: Option<usize>,
    taken: Option<Taken>,
}

impl Opened {
    /// Opens what can be read only once.
    fn piped(mut rest: Documents, choice: Choice, is_all_read: bool) -> Self {
        let (total, taken, first) = match piped(&mut rest, choice) {
            Some((first, taken)) => (Some(first.len()), Some(taken), first),
            None => {
                let (first, is_over) = read_ahead(&mut rest, is_all_read);
                (is_over.then_some(first.len()), None, first)
            }
        };
        Self {
            first,
            rest,
            total,
            taken,
        }
    }

    /// Opens files, all of which are read before if that is to be strict.
    fn files(source: &Source, choice: Choice, is_strict: bool) -> Result<Self, JobError> {
        let chosen = Chosen::of(|| open(source), choice)?;
        let mut total = None;
        if is_strict {
            let mut wrong = Vec::new();
            let checked = chosen.of_these(open(source)?);
            total = Some(checked.map(|it| wrong.extend(it.err())).count());
            problems(wrong.iter())?;
        }
        let mut rest = chosen.of_these(open(source)?);
        let (first, is_over) = read_ahead(&mut rest, false);
        let known = match is_over {
            true => Some(first.len()),
            false => chosen.count(),
        };
        total = total.or(known);
        if total.is_none() {
            total = open(source)?.count_files(MOST_COUNTED);
        }
        Ok(Self {
            first,
            rest,
            total,
            taken: chosen.taken(),
        })
    }
}

/// Reads until there is something to work on, and whether that was all.
fn read_ahead(rest: &mut Documents, is_all_read: bool) -> (Vec<Item>, bool) {
    let mut first = Vec::new();
    let mut has_any = false;
    while is_all_read || first.len() < if has_any { AHEAD } else { PATIENCE } {
        let Some(item) = rest.next() else {
            return (first, true);
        };
        has_any |= item.is_ok();
        first.push(item);
    }
    (first, false)
}

/// The documents of a run, one after the other.
#[derive(Debug)]
pub struct CorpusStream {
    first: VecDeque<Item>,
    /// What is still being read.
    rest: Option<Ahead<Read>>,
    /// How many there still are, if that is known.
    left: Option<usize>,
    reader: Reader,
    model: Option<ModelId>,
}

impl CorpusStream {
    fn hand_out(&self, item: Item) -> MapInput {
        match sendable(self.model.as_ref(), item) {
            Ok(it) => MapInput::Document(it.document),
            Err(error) => MapInput::Unreadable {
                id: error.place().to_owned(),
                reason: Arc::new(error),
            },
        }
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Option<Item>> {
        if let Some(item) = self.first.pop_front() {
            return Poll::Ready(Some(item));
        }
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let received = ready!(rest.poll_next(context));
        if received.as_ref().is_none_or(|it| it.item.is_none()) {
            self.rest = None;
        }
        // Without a last word, something is missing.
        let Read { item, notes } = received.unwrap_or_else(|| Read {
            item: Some(Err(Unreadable::broken_off())),
            notes: Vec::new(),
        });
        warn(&self.reader, notes.into_iter());
        Poll::Ready(item)
    }
}

impl Stream for CorpusStream {
    type Item = MapInput;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<MapInput>> {
        let item = ready!(self.poll_item(context));
        if item.is_some() {
            self.left = self.left.map(|it| it.saturating_sub(1));
        }
        Poll::Ready(item.map(|it| self.hand_out(it)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.unwrap_or(self.first.len()), self.left)
    }
}

/// Returns a document, unless it is one that the model cannot be sent.
fn sendable(model: Option<&ModelId>, item: Item) -> Item {
    let (Some(model), Ok(it)) = (model, &item) else {
        return item;
    };
    let attached = it.document.attachment.as_ref();
    let is_taken = |it: &Attachment| model.provider != "offline" && takes(model, it.media_type());
    match attached.is_none_or(is_taken) {
        true => item,
        false => Err(it.cannot_be_sent(&model.to_string())),
    }
}

fn warn(reader: &Reader, notes: impl Iterator<Item = String>) {
    for note in notes {
        let help = match note.ends_with("a guess") {
            true => " (`source.encoding` NAME chooses another)",
            false => "",
        };
        reader.tell(&format!("{note}{help}"));
    }
}
