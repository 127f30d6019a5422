//! From documents to what branches work on: pieces, cut if need be, each accounted for.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_core::Stream;
use futures_util::future::Either;
use futures_util::{StreamExt, stream};
use patterns_core::{
    Agent, AgentError, AgentErrorKind, Answer, Branch, BranchEnd, Coverage, Document,
    ModelErrorKind, Origin, Usage,
};

use super::ledger::{DocumentNumber, Ledger};
use super::split::{Chunk, Split};

const TOO_LONG: AgentErrorKind = AgentErrorKind::Model(ModelErrorKind::ContextTooLong);

/// Cuts documents as they come, and knows what became of them.
#[derive(Clone, Default)]
pub(super) struct Intake {
    splitter: Option<Arc<dyn Split>>,
    ledger: Arc<Mutex<Ledger>>,
}

/// What one branch works on: a document, or a chunk of one.
#[derive(Debug)]
pub(super) struct Piece {
    document: Document,
    number: DocumentNumber,
    /// What can be halved, if documents may be cut.
    chunk: Option<Chunk>,
}

/// An answer about a piece, or about half of it.
#[derive(Debug)]
pub(super) struct Mapped<M> {
    pub(super) id: String,
    pub(super) answer: M,
    usage: Usage,
}

impl Intake {
    pub(super) fn new(splitter: Option<Arc<dyn Split>>) -> Self {
        Self {
            splitter,
            ledger: Arc::default(),
        }
    }

    /// Returns the pieces of the documents, each with its name.
    pub(super) fn pieces<'a>(
        &self,
        documents: impl Stream<Item = Document> + Send + 'a,
    ) -> impl Stream<Item = (String, Piece)> + Send + 'a {
        let intake = self.clone();
        match self.splitter.clone() {
            None => Either::Left(documents.map(move |document| intake.whole(document))),
            Some(splitter) => Either::Right(
                documents.flat_map(move |it| stream::iter(intake.chunks(&*splitter, &it))),
            ),
        }
    }

    fn whole(&self, document: Document) -> (String, Piece) {
        let id = document.id.clone();
        let piece = Piece {
            number: self.ledger().begin(&id, vec![id.clone()]),
            document,
            chunk: None,
        };
        (id, piece)
    }

    fn chunks(
        &self,
        splitter: &dyn Split,
        document: &Document,
    ) -> impl Iterator<Item = (String, Piece)> + use<> {
        let chunks = splitter.split(document);
        let ids = chunks.iter().map(Chunk::id).collect();
        let number = self.ledger().begin(&document.id, ids);
        chunks.into_iter().map(move |chunk| {
            let piece = Piece {
                document: chunk.to_document(),
                number,
                chunk: Some(chunk),
            };
            (piece.document.id.clone(), piece)
        })
    }

    /// Asks about a piece, in two halves if it is too long for the model. Either both are answered
    /// or the piece has failed.
    pub(super) async fn map<M>(
        &self,
        piece: &Piece,
        map: &dyn Agent<Document, M>,
        origin: Origin,
    ) -> Result<Answer<Vec<Mapped<M>>>, AgentError> {
        let result = match map.run(&piece.document, origin).await {
            Ok(answer) => Ok(mapped(&piece.document, answer, Usage::default())),
            Err(error) => self.map_halves(piece, map, origin, error).await,
        };
        let is_halved = result.as_ref().is_ok_and(|it| it.value.len() > 1);
        let mut ledger = self.ledger();
        if is_halved {
            ledger.halved();
        }
        ledger.end(piece.number, &piece.document.id, result.is_ok());
        drop(ledger);
        result
    }

    async fn map_halves<M>(
        &self,
        piece: &Piece,
        map: &dyn Agent<Document, M>,
        origin: Origin,
        error: AgentError,
    ) -> Result<Answer<Vec<Mapped<M>>>, AgentError> {
        let Some(halves) = self.halves(piece).filter(|_| error.kind() == TOO_LONG) else {
            return Err(error);
        };
        let [first, second] = halves.map(|it| it.to_document());
        let spent = error.usage();
        let answer = map.run(&first, origin).await;
        let mut both = mapped(&first, answer.map_err(|it| it.after(spent))?, spent);
        let answer = map.run(&second, origin).await;
        let answer = answer.map_err(|it| it.after(both.usage))?;
        let second = mapped(&second, answer, Usage::default());
        both.value.extend(second.value);
        both.usage += second.usage;
        both.reasks += second.reasks;
        both.fixes.extend(second.fixes);
        both.request_id = second.request_id;
        Ok(both)
    }

    fn halves(&self, piece: &Piece) -> Option<[Chunk; 2]> {
        self.splitter.as_ref()?.halve(piece.chunk.as_ref()?)
    }

    /// Ends the account.
    pub(super) fn coverage(&self) -> Coverage {
        self.ledger().finish()
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Counts stay true whatever panicked while they were held.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the answer about one document, which pays for what was `spent` before it.
fn mapped<M>(document: &Document, answer: Answer<M>, spent: Usage) -> Answer<Vec<Mapped<M>>> {
    let usage = spent + answer.usage;
    let id = document.id.clone();
    let mut answer = answer.map(|answer| vec![Mapped { id, answer, usage }]);
    answer.usage = usage;
    answer
}

/// Makes what is told of a finished branch: its answer, or one for each half.
pub(super) fn rows<M>(branch: Branch<Vec<Mapped<M>>>) -> Vec<Branch<M>> {
    let Branch {
        id,
        role,
        label,
        usage,
        end,
    } = branch;
    let row = |label, usage, end| Branch {
        id,
        role,
        label,
        usage,
        end,
    };
    match end {
        BranchEnd::Answered(answers) => answers
            .into_iter()
            .map(|it| row(it.id, it.usage, BranchEnd::Answered(it.answer)))
            .collect(),
        BranchEnd::Failed(error) => vec![row(label, usage, BranchEnd::Failed(error))],
        BranchEnd::Cancelled => vec![row(label, usage, BranchEnd::Cancelled)],
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake")
            .field("splits", &self.splitter.is_some())
            .finish_non_exhaustive()
    }
}
