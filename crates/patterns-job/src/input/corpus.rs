//! The documents of a run: opened before the first call, read while it goes on.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use patterns_core::{Document, ModelId};
use patterns_llm::token_counter;
use patterns_parallel::map_reduce::{MapInput, Split, Splitter};
use patterns_source::{
    Documents, Limits, Source, SourceError, Sourced, Unreadable, UnreadableKind,
};
use tokio::sync::mpsc;

use super::Reader;
use super::problems::Problems;
use crate::job::SourcePart;
use crate::job_error::{JobError, JobErrorKind};

type Item = Result<Sourced, Unreadable>;

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
    /// How many there are, if that is known.
    total: Option<usize>,
    /// What cuts long ones.
    splitter: Option<Splitter>,
    /// What the user should know about what was read so far.
    notes: Vec<String>,
    reader: Reader,
}

/// How many unreadable documents are passed over in search of the first readable one.
const PATIENCE: usize = 1_000;

/// How many files are counted before the first is worked on, so that it can be said how many there are.
const MOST_COUNTED: usize = 100_000;

/// How many documents are read ahead.
const AHEAD: usize = 16;

impl Corpus {
    /// Opens the inputs.
    ///
    /// # Errors
    ///
    /// Returns an error if there is nothing to work on: an input names nothing, or nothing in them can
    /// be read. Where reading is strict, also if anything cannot.
    pub fn open(inputs: &[PathBuf], part: &SourcePart, reader: &Reader) -> Result<Self, JobError> {
        let source = source(inputs, part, reader);
        let splitter = splitter(part)?;
        let mut rest = open(&source)?;
        let mut total = None;
        if part.strict && !inputs.iter().any(|it| it == Path::new("-")) {
            let mut wrong = Vec::new();
            let count = rest.by_ref().map(|it| wrong.extend(it.err())).count();
            problems(wrong.iter())?;
            total = Some(count);
            rest = open(&source)?;
        }
        // Standard input can be read only once.
        let is_all_read = part.strict && total.is_none();
        let mut first = Vec::new();
        let mut has_any = false;
        while is_all_read || first.len() < if has_any { AHEAD } else { PATIENCE } {
            let Some(item) = rest.next() else {
                total = Some(first.len());
                break;
            };
            has_any |= item.is_ok();
            first.push(item);
        }
        if total.is_none() {
            total = open(&source)?.count_files(MOST_COUNTED);
        }
        if is_all_read || !has_any {
            problems(first.iter().filter_map(|it| it.as_ref().err()))?;
        }
        if first.is_empty() {
            let names: Vec<String> = inputs.iter().map(|it| it.display().to_string()).collect();
            let message = format!("there is no document in {}", names.join(", "));
            return Err(JobError::new(JobErrorKind::Empty, message)
                .help("name a file, or check the glob; hidden and ignored files are left out"));
        }
        let notes = rest.take_notes();
        Ok(Self {
            first,
            rest,
            total,
            splitter,
            notes,
            reader: reader.clone(),
        })
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

    /// Cuts documents by the tokens of this model, if its tokenizer is known; else they are estimated.
    pub fn count_as(&mut self, model: &ModelId) {
        if let Some(counter) = token_counter(model) {
            self.splitter = self.splitter.take().map(|it| it.tokens(counter));
        }
    }

    /// Returns what cuts the documents, if anything does.
    pub fn splitter(&self) -> Option<Arc<dyn Split>> {
        Some(Arc::new(self.splitter.clone()?))
    }

    /// Reads on in a thread of its own, a few documents ahead of those who work on them.
    ///
    /// # Errors
    ///
    /// Returns an error if there can be no such thread.
    pub fn stream(self) -> Result<CorpusStream, JobError> {
        let (sender, receiver) = mpsc::channel::<Read>(AHEAD);
        let Self {
            first,
            mut rest,
            total,
            notes,
            reader,
            ..
        } = self;
        warn(&reader, notes.into_iter());
        let is_whole = total == Some(first.len());
        let read = move || {
            loop {
                let item = rest.next();
                let is_over = item.is_none();
                let notes = rest.take_notes();
                // Nobody is left to be told if this fails.
                if sender.blocking_send(Read { item, notes }).is_err() || is_over {
                    return;
                }
            }
        };
        if !is_whole {
            let thread = std::thread::Builder::new().name("reader".to_owned());
            thread.spawn(read).map_err(|error| {
                let message = format!("cannot start to read: {error}");
                JobError::new(JobErrorKind::Io, message).help("try again")
            })?;
        }
        Ok(CorpusStream {
            first: first.into(),
            rest: (!is_whole).then_some(receiver),
            left: total,
            reader,
        })
    }
}

/// The documents of a run, one after the other.
#[derive(Debug)]
pub struct CorpusStream {
    first: VecDeque<Item>,
    /// What is still being read.
    rest: Option<mpsc::Receiver<Read>>,
    /// How many there still are, if that is known.
    left: Option<usize>,
    reader: Reader,
}

impl CorpusStream {
    fn hand_out(item: Item) -> MapInput {
        match item {
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
        let received = ready!(rest.poll_recv(context));
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
        Poll::Ready(item.map(Self::hand_out))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.unwrap_or(self.first.len()), self.left)
    }
}

/// Waits a little for connections that end; ten minutes at most.
fn wait(times: u32) -> bool {
    std::thread::park_timeout(Duration::from_millis(100));
    times < 6_000
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

/// Returns what cuts documents into chunks, if they are to be cut.
fn splitter(part: &SourcePart) -> Result<Option<Splitter>, JobError> {
    let splitter = part.chunk_tokens.map(Splitter::new);
    let splitter = splitter.map(|it| it.overlap(part.chunk_overlap));
    splitter.transpose().map_err(|error| {
        let message = format!("`source.chunk_overlap`: {error}");
        JobError::of_key("source.chunk_overlap", message)
    })
}

/// Returns how much is read at most.
fn limits(part: &SourcePart) -> Limits {
    let usual = Limits::default();
    let document = part.max_document_size.as_deref();
    let document = document.map_or(usual.document, |it| it.0);
    Limits {
        document,
        file: usual.file.max(document),
        ..usual
    }
}

fn source(inputs: &[PathBuf], part: &SourcePart, reader: &Reader) -> Source {
    let leave_out = reader.clone();
    let mut source = Source::new(inputs)
        .leave_out(move |it| leave_out.leaves_out(it))
        .limits(limits(part))
        .when_out_of_descriptors(wait);
    if let Some(isolation) = reader.isolation() {
        source = source.isolation(isolation);
    }
    if let Some(encoding) = part.encoding.as_deref().copied() {
        source = source.encoding(encoding);
    }
    if let Some(delimiter) = part.delimiter {
        source = source.delimiter(delimiter);
    }
    if let Some(format) = part.format.as_deref().copied() {
        source = source.format(format);
    }
    if let Some(records) = part.records.as_deref() {
        source = source.records(records.clone());
    }
    if let Some(name) = &part.text_field {
        source = source.text_field(name);
    }
    if let Some(template) = part.text_template.as_deref() {
        source = source.template(template.clone());
    }
    if let Some(name) = &part.id_field {
        source = source.id_field(name);
    }
    source
}

fn open(source: &Source) -> Result<Documents, JobError> {
    source.open().map_err(|error| match error {
        SourceError::Missing(missing) => problems(missing.iter())
            .err()
            .unwrap_or_else(|| nothing(&SourceError::StdinTwice)),
        other => nothing(&other),
    })
}

fn nothing(error: &SourceError) -> JobError {
    JobError::new(JobErrorKind::BadData, format!("{error}; nothing was sent"))
}

/// Returns an error that lists all of them, if there are any.
fn problems<'a>(wrong: impl Iterator<Item = &'a Unreadable>) -> Result<(), JobError> {
    let mut problems = Problems::default();
    for error in wrong {
        match error.kind() {
            UnreadableKind::Missing => problems.missing(error.to_string()),
            UnreadableKind::NoField => {
                problems.field(error.to_string());
            }
            _ => problems.invalid(error.to_string()),
        }
    }
    problems.check()
}
