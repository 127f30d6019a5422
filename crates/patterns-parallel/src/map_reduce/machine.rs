//! Says what is due in a map-reduce run: the steps of its reduction that can be made, then the next
//! document.
//!
//! Steps go before new documents, on the same fan-out, so the bound on concurrency is one, and what is
//! held is a frontier: documents under way, rows that wait for a slow one before them, and what the
//! reduction holds.

use std::collections::{BTreeMap, VecDeque};
use std::task::{Context, Poll, ready};

use patterns_core::{
    AgentError, AgentErrorKind, Branch, BranchEnd, BranchId, Columns, Covered, ModelErrorKind,
    Outcome, Pattern, StepRole, Warning,
};

use super::coverage::ChunkNumber;
use super::halves::Mapped;
use super::pieces::Pieces;
use super::reduce::{End, MapDone, MapWork, Reducing};
use crate::RunOptions;
use crate::fan_out::Stop;
use crate::in_order::InOrder;
use crate::machine::{Due, Machine, WINDOW};
use crate::run::Run;
use crate::running::RunMachine;

/// A map-reduce run under way.
pub(super) struct MapReduceMachine<'r, M, R> {
    run: Run<'r>,
    pieces: Pieces<'r>,
    reducing: Box<dyn Reducing<M, R>>,
    /// How many documents may be unyielded; no bound where all are kept anyway.
    window: Option<usize>,
    /// Documents under way: their places, their lines in the account, and their columns.
    maps: BTreeMap<BranchId, (u64, ChunkNumber, Option<Columns>)>,
    /// How many documents have begun.
    begun: u64,
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
        reducing: Box<dyn Reducing<M, R>>,
    ) -> Self {
        Self {
            run: Run::start(options, Pattern::MapReduce, pieces.total()),
            pieces,
            reducing,
            window: Some(WINDOW * options.concurrency.get()),
            maps: BTreeMap::new(),
            begun: 0,
            steps: 0,
            cancelled: Vec::new(),
            ended: InOrder::new(),
            rows: VecDeque::new(),
        }
    }

    /// Forgets steps once they are answered, unless all is kept.
    pub(super) fn forget_steps(&mut self) {
        self.run.forget_steps();
    }

    /// Returns the next step of the reduction. Once all documents have ended, it is known whether too
    /// many of them have failed for any.
    fn next_step(&mut self, id: BranchId) -> Option<Due<MapWork<M, R>>> {
        let are_all_in = self.pieces.is_exhausted() && self.maps.is_empty();
        if are_all_in && self.run.verdict(None).is_err() {
            return None;
        }
        let due = self.reducing.due(id, are_all_in, &mut self.run)?;
        self.steps += 1;
        Some(due)
    }

    /// Returns whether so many documents are unyielded that no further one may begin.
    fn is_window_full(&self) -> bool {
        let unyielded = self.maps.len() + self.ended.len();
        self.window.is_some_and(|window| unyielded >= window)
    }

    fn take_mapped(&mut self, branch: Branch<Vec<Mapped<M>>>) {
        self.run.account(&branch);
        let Some((place, number, columns)) = self.maps.remove(&branch.id) else {
            return;
        };
        let branch = Branch { columns, ..branch };
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
        let more = match count - names.len() as u64 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "too long for the model as a whole, so asked about in parts: {}{more}",
            names.join(", ")
        );
        self.run.warn(Warning::new("document-cut", message));
    }
}

impl<M, R> Machine for MapReduceMachine<'_, M, R> {
    type Work = MapWork<M, R>;
    type Done = MapDone<M, R>;

    fn due(&mut self, id: BranchId, cx: &mut Context<'_>) -> Poll<Option<Due<MapWork<M, R>>>> {
        if let Some(step) = self.next_step(id) {
            return Poll::Ready(Some(step));
        }
        if !self.pieces.is_exhausted() {
            if self.is_window_full() {
                return Poll::Pending;
            }
            if let Some(next) = ready!(self.pieces.poll_next(cx)) {
                let columns = next.piece.columns();
                self.maps.insert(id, (self.begun, next.number, columns));
                self.reducing.begun(self.begun);
                self.begun += 1;
                return Poll::Ready(Some(Due {
                    role: StepRole::Map,
                    label: next.name,
                    work: MapWork::Map(next.piece),
                }));
            }
            self.reducing.finish();
            if let Some(step) = self.next_step(id) {
                return Poll::Ready(Some(step));
            }
        }
        match self.maps.is_empty() && self.steps == 0 {
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    }

    fn ended(&mut self, branch: Branch<MapDone<M, R>>) -> Vec<BranchId> {
        if branch.role == StepRole::Map {
            self.take_mapped(branch.and_then(|done| match done {
                MapDone::Mapped(answers) => Some(answers),
                MapDone::Combined(_) | MapDone::Compared(_) => None,
            }));
            return Vec::new();
        }
        self.steps -= 1;
        let id = branch.id;
        let made = self.run.take_step(branch);
        self.reducing.ended(id, made);
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
        self.run.keep_steps();
        self.window = None;
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
