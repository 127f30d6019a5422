//! From documents to what branches work on: pieces, cut if need be, each accounted for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_core::Stream;
use futures_util::future::Either;
use futures_util::{StreamExt, stream};
use patterns_core::{
    Agent, AgentError, AgentErrorKind, Answer, Branch, BranchEnd, Coverage, Document,
    ModelErrorKind, Origin, Usage, Warning,
};
use serde::Serialize;

use super::input::MapInput;
use super::ledger::{Ledger, LedgerLine};
use super::split::{Chunk, Split};
use super::unseen::SeenWords;

const TOO_LONG: AgentErrorKind = AgentErrorKind::Model(ModelErrorKind::ContextTooLong);

/// Cuts documents as they come, and knows what became of them.
#[derive(Clone, Default)]
pub(super) struct Intake {
    splitter: Option<Arc<dyn Split>>,
    ledger: Arc<Mutex<Ledger>>,
    /// The words of the documents, if a result is to be held to them.
    words: Option<Arc<Mutex<SeenWords>>>,
}

/// What one branch works on.
pub(super) struct Piece {
    part: Part,
    line: LedgerLine,
}

enum Part {
    /// All of an input.
    Whole(MapInput),
    /// What may be halved.
    Chunk(Chunk),
}

/// An answer about a piece, or about half of it.
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
            words: None,
        }
    }

    /// Remembers the words of the documents, so that a result can be held to them.
    pub(super) fn remember_words(mut self) -> Self {
        self.words = Some(Arc::default());
        self
    }

    /// Returns a warning that names what of a result is in no document.
    pub(super) fn unseen(&self, result: &impl Serialize) -> Option<Warning> {
        let words = self.words.as_ref()?;
        let words = words.lock().unwrap_or_else(PoisonError::into_inner);
        words.warning(result)
    }

    fn remember(&self, document: Option<&Document>, names: &[String]) {
        let Some(words) = &self.words else {
            return;
        };
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        document.into_iter().for_each(|it| words.add(it));
        names.iter().for_each(|it| words.add_name(it));
    }

    /// Returns the pieces of the inputs, each with its name.
    pub(super) fn pieces<S>(&self, inputs: S) -> impl Stream<Item = (String, Piece)> + Send + use<S>
    where
        S: Stream<Item = MapInput> + Send,
    {
        let intake = self.clone();
        match self.splitter.clone() {
            None => Either::Left(inputs.map(move |it| intake.whole(it))),
            Some(splitter) => Either::Right(
                inputs.flat_map(move |it| stream::iter(intake.chunks(&*splitter, it))),
            ),
        }
    }

    fn whole(&self, input: MapInput) -> (String, Piece) {
        let label = input.label();
        let names = [label.clone()];
        match &input {
            MapInput::Document(document) => self.remember(Some(document), &names),
            MapInput::Unreadable { .. } => self.remember(None, &names),
        }
        let document = self.ledger().begin(&label, names.into());
        let piece = Piece {
            part: Part::Whole(input),
            line: document.line(0),
        };
        (label, piece)
    }

    fn chunks(&self, splitter: &dyn Split, input: MapInput) -> Vec<(String, Piece)> {
        let MapInput::Document(document) = input else {
            return vec![self.whole(input)];
        };
        let chunks = splitter.split(&document);
        let labels: Vec<String> = chunks.iter().map(Chunk::id).collect();
        self.remember(Some(&document), &labels);
        let document = self.ledger().begin(&document.id, labels.clone());
        let pieces = chunks.into_iter().enumerate().map(|(at, chunk)| Piece {
            part: Part::Chunk(chunk),
            line: document.line(at),
        });
        labels.into_iter().zip(pieces).collect()
    }

    /// Asks about a piece, in two halves if it is too long for the model. Either both are answered
    /// or the piece has failed.
    pub(super) async fn map<M>(
        &self,
        piece: Piece,
        agent: &dyn Agent<Document, M>,
        origin: Origin,
    ) -> Result<Answer<Vec<Mapped<M>>>, AgentError> {
        let result = match piece.part {
            Part::Whole(input) => {
                let id = input.label();
                let answer = input.map(agent, origin).await;
                answer.map(|it| mapped(id, it, Usage::default()))
            }
            Part::Chunk(chunk) => self.map_chunk(&chunk, agent, origin).await,
        };
        let answers = result.as_ref().map_or(0, |it| it.value.len());
        self.ledger().end(piece.line, answers);
        result
    }

    async fn map_chunk<M>(
        &self,
        chunk: &Chunk,
        agent: &dyn Agent<Document, M>,
        origin: Origin,
    ) -> Result<Answer<Vec<Mapped<M>>>, AgentError> {
        let error = match ask(agent, chunk, origin, Usage::default()).await {
            Err(error) if error.kind() == TOO_LONG => error,
            result => return result,
        };
        let halves = self.splitter.as_ref().and_then(|it| it.halve(chunk));
        let Some([first, second]) = halves else {
            return Err(error);
        };
        self.remember(None, &[first.id(), second.id()]);
        let mut both = ask(agent, &first, origin, error.usage()).await?;
        let second = ask(agent, &second, origin, Usage::default()).await;
        let second = second.map_err(|it| it.after(both.usage))?;
        let second = both.join(second);
        both.value.extend(second);
        Ok(both)
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

/// Asks about a chunk, whose bill has what was `spent` before.
async fn ask<M>(
    agent: &dyn Agent<Document, M>,
    chunk: &Chunk,
    origin: Origin,
    spent: Usage,
) -> Result<Answer<Vec<Mapped<M>>>, AgentError> {
    let document = chunk.to_document();
    match agent.run(&document, origin).await {
        Ok(answer) => Ok(mapped(document.id, answer, spent)),
        Err(error) => Err(error.after(spent)),
    }
}

fn mapped<M>(id: String, mut answer: Answer<M>, spent: Usage) -> Answer<Vec<Mapped<M>>> {
    answer.usage += spent;
    let usage = answer.usage;
    answer.map(|answer| vec![Mapped { id, answer, usage }])
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
