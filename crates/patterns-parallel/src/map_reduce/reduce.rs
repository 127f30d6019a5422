//! How answers become one result: the seam between map-reduce and what combines the answers.

use std::fmt;

use patterns_core::text::SeenWords;
use patterns_core::{AggregateError, Branch, Columns, Coverage, Scope};

use super::halves::Mapped;
use super::pieces::Piece;
use crate::RunError;
use crate::fan_out::{Stop, Work};
use crate::machine::Due;
use crate::run::Run;

/// How the answers of a map-reduce run become one result of type `R`.
///
/// | made of | the result |
/// |---|---|
/// | [`Combine`](super::Combine) | what an agent combines them to: in a tree, one after the other, or as they come |
/// | [`KeyedReduce`](super::KeyedReduce) | a table that code computes |
/// | [`MapReduce::fold`](super::MapReduce::fold) | what a function of yours makes of them, one after the other |
/// | [`MapReduce::rows`](super::MapReduce::rows) | nothing: the answers themselves are the result |
pub struct Reduce<M, R> {
    begin: Box<Begin<M, R>>,
    /// Whether an agent writes the result: then it is held to the words of the documents, and there may be so
    /// many steps that answered ones are forgotten.
    pub(super) is_by_agent: bool,
}

/// Begins a run.
type Begin<M, R> = dyn Fn() -> Result<Box<dyn Reducing<M, R>>, RunError> + Send + Sync;

impl<M, R> Reduce<M, R> {
    pub(super) fn of<S: Reducing<M, R> + 'static>(
        begin: impl Fn() -> Result<S, RunError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            begin: Box::new(move || Ok(Box::new(begin()?))),
            is_by_agent: false,
        }
    }

    pub(super) fn begin(&self) -> Result<Box<dyn Reducing<M, R>>, RunError> {
        (self.begin)()
    }
}

impl<M, R> fmt::Debug for Reduce<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reduce").finish_non_exhaustive()
    }
}

/// What a branch works on.
pub(super) enum MapWork<M, R> {
    /// A piece of the input.
    Map(Piece),
    /// A step of the reduction, which carries it out itself.
    Step(Step<M, R>),
}

/// A step that has not begun.
type Step<M, R> = Box<dyn FnOnce(Scope) -> Work<'static, MapDone<M, R>> + Send>;

/// What a branch is for.
pub(super) enum MapPurpose {
    /// An answer: its place, the number of the document, and its columns.
    Map(u64, u64, Option<Columns>),
    /// A combination: where it belongs, and the first and the last document that it is about.
    Combine(u64, [String; 2]),
    /// A comparison: the places of both keys.
    Compare(usize, usize),
}

/// A step that is due.
pub(super) type DueStep<M, R> = Due<MapWork<M, R>, MapPurpose>;

/// What a branch makes.
pub(super) enum MapDone<M, R> {
    Mapped(Vec<Mapped<M>>),
    Combined(R),
    /// Whether two keys mean the same.
    Compared(bool),
}

/// The pure state of a reduction in a run under way.
///
/// Documents are known by their places, counted from 0 in the order in which they begin.
pub(super) trait Reducing<M, R>: Send {
    /// Takes note that the next document has begun.
    fn begun(&mut self, _place: u64) {}

    /// Takes the answers about a document, or about the parts of one, in any order; none if it failed.
    fn mapped(&mut self, _place: u64, _name: &str, _answers: &[Mapped<M>]) {}

    /// Takes a document as the caller sees it, in input order.
    fn row(&mut self, _row: &Branch<M>) {}

    /// Takes note that no further document begins.
    fn finish(&mut self) {}

    /// Returns the next step that can be made now. `are_all_in` says whether every document has ended.
    fn due(&mut self, _are_all_in: bool, _run: &mut Run<'_>) -> Option<DueStep<M, R>> {
        None
    }

    /// Takes a step that has ended; nothing if it failed.
    fn ended(&mut self, _step: MapPurpose, _made: Option<MapDone<M, R>>) {}

    /// Returns the result, or why there is none.
    fn value(self: Box<Self>, end: End<'_, '_>) -> Result<R, AggregateError>;
}

/// What is known at the end of a run.
pub(super) struct End<'e, 'r> {
    pub(super) run: &'e mut Run<'r>,
    pub(super) stop: Option<Stop>,
    pub(super) coverage: &'e Coverage,
    pub(super) words: Option<&'e SeenWords>,
}

/// A function that takes the answers one after the other, in input order.
pub(super) struct Fold<R, F> {
    pub(super) value: R,
    pub(super) add: F,
}

impl<M, R: Send, F: Fn(&mut R, &str, &M) + Send> Reducing<M, R> for Fold<R, F> {
    fn row(&mut self, row: &Branch<M>) {
        if let Some(answer) = row.value() {
            (self.add)(&mut self.value, &row.label, answer);
        }
    }

    fn value(self: Box<Self>, end: End<'_, '_>) -> Result<R, AggregateError> {
        end.run.verdict(end.stop)?;
        Ok(self.value)
    }
}
