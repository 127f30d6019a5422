//! Cuts documents into pieces as they come. A piece is what one branch works on.

use std::collections::VecDeque;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::StreamExt;
use patterns_core::text::SeenWords;
use patterns_core::{Chunk, Columns, Document, Split};

use crate::RunError;
use crate::inputs::exact;

/// An input of map-reduce. A stream of [`Document`]s is a stream of inputs, too.
#[derive(Clone, Debug)]
pub enum MapInput {
    /// A document to work on.
    Document(Document),
    /// What could not be read: a failed branch, so that it is named and counted.
    Unreadable {
        /// Where it is.
        id: String,
        /// Why.
        reason: Arc<dyn Error + Send + Sync>,
    },
}

impl From<Document> for MapInput {
    fn from(document: Document) -> Self {
        Self::Document(document)
    }
}

/// What one branch works on.
pub(super) enum Piece {
    /// A document that nobody asked to cut.
    Whole(Document),
    /// A chunk of one, boxed, since it would take more room than all else that is moved about.
    Chunk(Box<Chunk>),
    /// What could not be read.
    Unreadable(Arc<dyn Error + Send + Sync>),
}

impl Piece {
    /// Returns the columns that come back with what is answered about it.
    pub(super) fn columns(&self) -> Option<Columns> {
        match self {
            Self::Whole(document) => document.columns.clone(),
            Self::Chunk(chunk) => chunk.columns.clone(),
            Self::Unreadable(_) => None,
        }
    }
}

/// A piece with its name, and the number of its document.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) document: u64,
    /// Nothing if there is nothing in the document.
    pub(super) piece: Option<Piece>,
}

/// The documents of a run, and what is known of those that have come.
pub(super) struct Pieces<'r> {
    inputs: Pin<Box<dyn Stream<Item = MapInput> + Send + 'r>>,
    splitter: Option<Arc<dyn Split>>,
    /// Pieces of the last document.
    made: VecDeque<Named>,
    /// How many documents there are, if that is known, and how many have come.
    total: Option<u64>,
    come: u64,
    pub(super) is_exhausted: bool,
    /// The words of the documents, if a result is to be held to them.
    pub(super) words: Option<SeenWords>,
}

impl<'r> Pieces<'r> {
    /// Waits for the first document.
    pub(super) async fn open<S>(
        inputs: S,
        splitter: Option<Arc<dyn Split>>,
        remembers_words: bool,
    ) -> Result<Self, RunError>
    where
        S: Stream<Item: Into<MapInput>> + Send + 'r,
    {
        let mut inputs: Pin<Box<dyn Stream<Item = MapInput> + Send + 'r>> =
            Box::pin(inputs.map(Into::into));
        let Some(first) = inputs.next().await else {
            return Err(RunError::NoInput("there is no document"));
        };
        let total = exact(inputs.size_hint()).map(|it| it + 1);
        let mut pieces = Self {
            inputs,
            splitter,
            made: VecDeque::new(),
            total,
            come: 0,
            is_exhausted: false,
            words: remembers_words.then(SeenWords::default),
        };
        pieces.cut(first);
        Ok(pieces)
    }

    /// Returns how many pieces there will be, if that is known.
    pub(super) fn total(&self) -> Option<u64> {
        self.total.filter(|_| self.splitter.is_none())
    }

    /// Returns whether documents are cut because somebody asked for it.
    pub(super) fn are_chunks(&self) -> bool {
        self.splitter.is_some()
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Named>> {
        loop {
            if let Some(next) = self.made.pop_front() {
                return Poll::Ready(Some(next));
            }
            if self.is_exhausted {
                return Poll::Ready(None);
            }
            match ready!(self.inputs.as_mut().poll_next(cx)) {
                Some(input) => self.cut(input),
                None => self.is_exhausted = true,
            }
        }
    }

    /// Returns the pieces that have come and were not begun, and how many documents have not come, if that is
    /// known.
    pub(super) fn left(&mut self) -> (VecDeque<Named>, Option<u64>) {
        let documents = match self.is_exhausted {
            true => Some(0),
            false => self.total.map(|it| it.saturating_sub(self.come)),
        };
        (std::mem::take(&mut self.made), documents)
    }

    /// Cuts a document into pieces; in one without any there is nothing.
    fn cut(&mut self, input: MapInput) {
        let pieces = match input {
            MapInput::Unreadable { id, reason } => vec![(id, Some(Piece::Unreadable(reason)))],
            MapInput::Document(document) => {
                if let Some(words) = &mut self.words {
                    words.add(&document);
                }
                match self.splitter.as_ref().map(|it| it.split(&document)) {
                    None => vec![(document.id.clone(), Some(Piece::Whole(document)))],
                    Some(chunks) if chunks.is_empty() => vec![(document.id, None)],
                    Some(chunks) => {
                        let chunks = chunks.into_iter();
                        chunks
                            .map(|it| (it.id(), Some(Piece::Chunk(it.into()))))
                            .collect()
                    }
                }
            }
        };
        for (name, piece) in pieces {
            if piece.is_some() {
                self.remember_name(&name);
            }
            self.made.push_back(Named {
                name,
                document: self.come,
                piece,
            });
        }
        self.come += 1;
    }

    /// Remembers a name that a model is shown.
    pub(super) fn remember_name(&mut self, name: &str) {
        if let Some(words) = &mut self.words {
            words.add_name(name);
        }
    }
}
