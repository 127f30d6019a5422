//! From documents to what branches work on: pieces, cut if need be, each accounted for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_core::Stream;
use futures_util::future::Either;
use futures_util::{StreamExt, stream};
use patterns_core::{
    Agent, AgentError, AgentErrorKind, Answer, Branch, BranchEnd, Coverage, Document, ModelError,
    ModelErrorKind, Origin, Usage, Warning,
};
use serde::Serialize;

use super::input::MapInput;
use super::ledger::{Ledger, LedgerLine, LineEnd};
use super::overflow::parts_of;
use super::split::{Chunk, Split};
use super::unseen::SeenWords;
use crate::run::Run;

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

    /// Asks about a piece, in parts if it is too long for the model. Either all of them are answered
    /// or the piece has failed.
    pub(super) async fn map<M>(
        &self,
        piece: Piece,
        agent: &dyn Agent<Document, M>,
        origin: Origin,
    ) -> Result<Answer<Vec<Mapped<M>>>, AgentError> {
        let line = piece.line;
        let result = match piece.part {
            Part::Whole(MapInput::Document(document)) => {
                let chunk = Chunk::whole(&document);
                self.map_parts(document, chunk, agent, origin).await
            }
            Part::Whole(input) => {
                let id = input.label();
                let answer = input.map(agent, origin).await;
                answer.map(|it| mapped(id, it, Usage::default()))
            }
            Part::Chunk(chunk) => {
                let document = chunk.to_document();
                self.map_parts(document, chunk, agent, origin).await
            }
        };
        let mut ledger = self.ledger();
        if let (None, Ok(answer)) = (&self.splitter, &result)
            && let [first, _, ..] = &answer.value[..]
        {
            let name = first.id.rsplit_once('#').map_or("", |it| it.0);
            ledger.cut(line, name.to_owned());
        }
        ledger.end(line, line_end(&result));
        drop(ledger);
        result
    }

    /// Asks about a chunk, whose own `document` is asked about first, and then about the parts of what
    /// is too long, in order.
    async fn map_parts<M>(
        &self,
        document: Document,
        chunk: Chunk,
        agent: &dyn Agent<Document, M>,
        origin: Origin,
    ) -> Result<Answer<Vec<Mapped<M>>>, AgentError> {
        let mut next = Some((document, chunk));
        let mut left: Vec<Chunk> = Vec::new();
        let mut spent = Usage::default();
        let mut done: Option<Answer<Vec<Mapped<M>>>> = None;
        while let Some((document, chunk)) = next.take() {
            match ask(agent, document, origin, spent).await {
                Ok(answer) => {
                    spent = Usage::default();
                    done = Some(match done.take() {
                        None => answer,
                        Some(before) => joined(before, answer),
                    });
                }
                Err(error) => match parts_of(&error).and_then(|it| self.parts(&chunk, it)) {
                    Some(parts) => {
                        spent = error.usage();
                        left.extend(parts.into_iter().rev());
                    }
                    None => {
                        let before = done.map(|it| it.usage).unwrap_or_default();
                        return Err(error.after(before));
                    }
                },
            }
            next = left.pop().map(|it| (it.to_document(), it));
        }
        // The loop ends when nothing is left, and the last thing that it asked about was answered.
        done.ok_or_else(|| ModelError::new(ModelErrorKind::ContextTooLong).into())
    }

    /// Halves a chunk, and its halves, until there are so many parts.
    fn parts(&self, chunk: &Chunk, wanted: u64) -> Option<Vec<Chunk>> {
        let halve = |it: &Chunk| match &self.splitter {
            Some(splitter) => splitter.halve(it),
            None => it.halve(),
        };
        let mut parts = Vec::from(halve(chunk)?);
        while (parts.len() as u64) < wanted {
            let finer: Vec<Chunk> = parts
                .iter()
                .flat_map(|it| halve(it).map_or_else(|| vec![it.clone()], Vec::from))
                .collect();
            if finer.len() == parts.len() {
                break;
            }
            parts = finer;
        }
        let names: Vec<String> = parts.iter().map(Chunk::id).collect();
        self.remember(None, &names);
        Some(parts)
    }

    /// Says how many documents there are, if that is known.
    pub(super) fn expect(&self, total: Option<u64>) {
        self.ledger().expect(total);
    }

    /// Ends the fan-out, and warns of what was cut although nobody had asked for it.
    pub(super) fn end(&self, run: &mut Run<'_>, is_exhausted: bool) {
        let mut ledger = self.ledger();
        ledger.exhaust(is_exhausted);
        let (names, count) = ledger.cuts();
        if count == 0 {
            return;
        }
        let more = match count - names.len() as u64 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "too long for the model as a whole, so asked about in parts: {}{more}",
            names.join(", ")
        );
        drop(ledger);
        run.warn(Warning::new("document-cut", message));
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

/// Returns how a piece has ended. What was refused before it was sent was not begun.
fn line_end<M>(result: &Result<Answer<Vec<Mapped<M>>>, AgentError>) -> LineEnd {
    match result {
        Ok(answer) => LineEnd::Answered(answer.value.len()),
        Err(error) if is_unsent(error) => LineEnd::NotBegun,
        Err(_) => LineEnd::Failed,
    }
}

fn is_unsent(error: &AgentError) -> bool {
    use ModelErrorKind::{BudgetExhausted, NotSent};
    let is_held = [NotSent, BudgetExhausted].map(AgentErrorKind::Model);
    is_held.contains(&error.kind()) && error.usage().attempts == 0
}

fn joined<M>(
    mut before: Answer<Vec<Mapped<M>>>,
    further: Answer<Vec<Mapped<M>>>,
) -> Answer<Vec<Mapped<M>>> {
    let further = before.join(further);
    before.value.extend(further);
    before
}

/// Asks about a document, whose bill has what was `spent` before.
async fn ask<M>(
    agent: &dyn Agent<Document, M>,
    document: Document,
    origin: Origin,
    spent: Usage,
) -> Result<Answer<Vec<Mapped<M>>>, AgentError> {
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

/// Makes what is told of a finished branch: its answer, or one for each part.
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
