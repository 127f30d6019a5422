//! Says what is due in a map-reduce run: the steps of its reduction that can be made, then the next
//! document.
//!
//! Steps go before new documents, on the same fan-out, so the bound on concurrency is one, and what is
//! held is a frontier: documents under way, rows that wait for a slow one before them, and what the
//! reduction holds.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use patterns_core::{
    AgentError, AgentErrorKind, Branch, BranchEnd, BranchId, Covered, ModelErrorKind, Outcome,
    Pattern, StepRole, Warning, some_of,
};

use super::coverage::ChunkNumber;
use super::halves::Mapped;
use super::pieces::Pieces;
use super::reduce::{DueStep, End, MapDone, MapPurpose, MapWork, Reducing};
use crate::RunOptions;
use crate::fan_out::Stop;
use crate::in_order::InOrder;
use crate::machine::{Due, Machine};
use crate::run::Run;
use crate::running::RunMachine;

/// A map-reduce run under way.
pub(super) struct MapReduceMachine<'r, M, R> {
    run: Run<'r>,
    pieces: Pieces<'r>,
    reducing: Box<dyn Reducing<'r, M, R> + 'r>,
    /// How many steps are under way.
    steps: u64,
    /// What was cancelled before anything was sent, or in flight.
    cancelled: Vec<ChunkNumber>,
    ended: InOrder<Vec<Branch<M>>>,
    rows: VecDeque<Branch<M>>,
}

impl<'r, M, R> MapReduceMachine<'r, M, R> {
    pub(super) fn new(
        options: &'r RunOptions,
        pieces: Pieces<'r>,
        reducing: Box<dyn Reducing<'r, M, R> + 'r>,
    ) -> Self {
        let mut run = Run::start(options, Pattern::MapReduce, pieces.total());
        // Of combinations there may be so many that answered ones are forgotten.
        run.keeps_steps = pieces.words.is_none();
        Self {
            run,
            pieces,
            reducing,
            steps: 0,
            cancelled: Vec::new(),
            ended: InOrder::new(options),
            rows: VecDeque::new(),
        }
    }

    /// Returns the next step of the reduction. Once all documents have ended, it is known whether too
    /// many of them have failed for any.
    fn next_step(&mut self) -> Option<DueStep<'r, M, R>> {
        let are_all_in = self.pieces.is_exhausted() && self.ended.is_empty();
        if are_all_in && self.run.verdict(None).is_err() {
            return None;
        }
        let due = self.reducing.due(are_all_in, &mut self.run)?;
        self.steps += 1;
        Some(due)
    }

    fn take_mapped(&mut self, place: u64, number: ChunkNumber, branch: Branch<Vec<Mapped<M>>>) {
        self.run.account(&branch);
        match &branch.end {
            BranchEnd::Answered(answers) => self.note_answers(number, answers),
            BranchEnd::Failed(error) => {
                let end = match is_unsent(error) {
                    true => Covered::NotBegun,
                    false => Covered::Failed,
                };
                self.pieces.coverage.end(number, end);
            }
            BranchEnd::Cancelled if branch.usage.attempts == 0 => self.cancelled.push(number),
            BranchEnd::Cancelled => self.pieces.coverage.end(number, Covered::Failed),
        }
        let answers = branch.value().map_or(&[][..], Vec::as_slice);
        self.reducing.mapped(place, &branch.label, answers);
        self.ended.put(place, rows(branch));
        while let Some(rows) = self.ended.next() {
            rows.iter().for_each(|row| self.reducing.row(row));
            self.rows.extend(rows);
        }
    }

    fn note_answers(&mut self, number: ChunkNumber, answers: &[Mapped<M>]) {
        if let [first, _, ..] = answers {
            for it in answers {
                self.pieces.remember_name(&it.id);
            }
            let name = first.id.rsplit_once('#').map_or("", |it| it.0);
            let uncut = (!self.pieces.are_chunks()).then(|| name.to_owned());
            self.pieces.coverage.in_parts(number, uncut);
        }
        self.pieces.coverage.end(number, Covered::Mapped);
    }

    /// Warns of what was cut although nobody had asked for it.
    fn warn_of_cuts(&mut self) {
        let (names, count) = self.pieces.coverage.cuts();
        if count == 0 {
            return;
        }
        let named = some_of(names, count);
        let message =
            format!("too long for the model as a whole, so asked about in parts: {named}");
        self.run.warn(Warning::new("document-cut", message));
    }
}

impl<'r, M, R> Machine for MapReduceMachine<'r, M, R> {
    type Work = MapWork<'r, M, R>;
    type Done = MapDone<M, R>;
    type Purpose = MapPurpose;

    fn due(&mut self, _: BranchId, cx: &mut Context<'_>) -> Poll<Option<DueStep<'r, M, R>>> {
        if let Some(step) = self.next_step() {
            return Poll::Ready(Some(step));
        }
        if !self.pieces.is_exhausted() {
            if self.ended.is_full() {
                return Poll::Pending;
            }
            if let Some(next) = ready!(self.pieces.poll_next(cx)) {
                let columns = next.piece.columns();
                let place = self.ended.begin();
                self.reducing.begun(place);
                return Poll::Ready(Some(Due {
                    role: StepRole::Map,
                    label: next.name,
                    purpose: MapPurpose::Map(place, next.number, columns),
                    work: MapWork::Map(next.piece),
                }));
            }
            self.reducing.finish();
            if let Some(step) = self.next_step() {
                return Poll::Ready(Some(step));
            }
        }
        match self.ended.is_empty() && self.steps == 0 {
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    }

    fn ended(&mut self, purpose: MapPurpose, branch: Branch<MapDone<M, R>>) -> Vec<BranchId> {
        if let MapPurpose::Map(place, number, columns) = purpose {
            let branch = branch.and_then(|done| match done {
                MapDone::Mapped(answers) => Some(answers),
                MapDone::Combined(_) | MapDone::Compared(_) => None,
            });
            self.take_mapped(place, number, Branch { columns, ..branch });
        } else {
            self.steps -= 1;
            let made = self.run.take_step(branch);
            self.reducing.ended(purpose, made);
        }
        Vec::new()
    }

    fn total(&self) -> Option<u64> {
        self.pieces.total()
    }
}

impl<M, R> RunMachine for MapReduceMachine<'_, M, R> {
    type Value = R;
    type Row = M;

    fn keep_all(&mut self) {
        self.run.keeps_steps = true;
        self.ended.unbounded();
    }

    fn next_row(&mut self) -> Option<Branch<M>> {
        self.rows.pop_front()
    }

    fn outcome(mut self, stop: Option<Stop>) -> Outcome<R, M> {
        // A broken failure policy cancels what is in flight; else, what was cancelled was not sent.
        let end = match stop {
            Some(Stop::Policy) => Covered::Failed,
            _ => Covered::NotBegun,
        };
        for number in std::mem::take(&mut self.cancelled) {
            self.pieces.coverage.end(number, end);
        }
        self.warn_of_cuts();
        let coverage = self.pieces.coverage.finish();
        let value = self.reducing.value(End {
            run: &mut self.run,
            stop,
            coverage: &coverage,
            words: self.pieces.words.as_ref(),
        });
        let mut outcome = self.run.finish(value, Vec::new());
        outcome.coverage = Some(coverage);
        outcome
    }
}

/// Returns whether a call was refused before it was sent: then nothing was begun.
fn is_unsent(error: &AgentError) -> bool {
    use ModelErrorKind::{BudgetExhausted, NotSent};
    let is_held = [NotSent, BudgetExhausted].map(AgentErrorKind::Model);
    is_held.contains(&error.kind()) && error.usage().attempts == 0
}

/// Makes what the caller is told of a document: its answer, or one for each part.
fn rows<M>(branch: Branch<Vec<Mapped<M>>>) -> Vec<Branch<M>> {
    let mut answers = Vec::new();
    let whole = branch.map(|it| answers = it);
    if whole.value().is_none() {
        return vec![whole.and_then(|()| None)];
    }
    let row = |it: Mapped<M>| Branch {
        label: it.id,
        usage: it.usage,
        ..whole.clone().map(|()| it.answer)
    };
    answers.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests;
