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
    Pattern, StepRole,
};

use super::coverage::CoverageAccount;
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
    reducing: Box<dyn Reducing<M, R>>,
    /// How many steps are under way.
    steps: u64,
    ended: InOrder<Ended<M>>,
    coverage: CoverageAccount,
    /// What was cancelled, before anything was sent or in flight, with all behind it: how it ended is known when
    /// it is known why the run did.
    late: Vec<(u64, String, Option<Covered>)>,
    rows: VecDeque<Branch<M>>,
}

/// A piece that has ended.
struct Ended<M> {
    document: u64,
    name: String,
    /// Nothing if it was cancelled.
    end: Option<Covered>,
    rows: Vec<Branch<M>>,
}

impl<'r, M, R> MapReduceMachine<'r, M, R> {
    pub(super) fn new(
        options: &'r RunOptions,
        pieces: Pieces<'r>,
        reducing: Box<dyn Reducing<M, R>>,
    ) -> Self {
        let mut run = Run::start(options, Some(Pattern::MapReduce), pieces.total());
        // Of combinations there may be so many that answered ones are forgotten.
        run.keeps_steps = pieces.words.is_none();
        Self {
            run,
            pieces,
            reducing,
            steps: 0,
            ended: InOrder::new(options),
            coverage: CoverageAccount::default(),
            late: Vec::new(),
            rows: VecDeque::new(),
        }
    }

    /// Returns the next step of the reduction. Once all documents have ended, it is known whether too
    /// many of them have failed for any.
    fn next_step(&mut self) -> Option<DueStep<M, R>> {
        let are_all_in = self.pieces.is_exhausted && self.ended.is_empty();
        if are_all_in && self.run.verdict(None).is_err() {
            return None;
        }
        let due = self.reducing.due(are_all_in, &mut self.run)?;
        self.steps += 1;
        Some(due)
    }

    fn take_mapped(&mut self, place: u64, document: u64, branch: Branch<Vec<Mapped<M>>>) {
        self.run.account(&branch);
        let end = match &branch.end {
            BranchEnd::Answered(_) => Some(Covered::Mapped),
            BranchEnd::Failed(error) if is_unsent(error) => Some(Covered::NotBegun),
            BranchEnd::Cancelled if branch.usage.attempts == 0 => None,
            BranchEnd::Failed(_) | BranchEnd::Cancelled => Some(Covered::Failed),
        };
        let answers = branch.value().map_or(&[][..], Vec::as_slice);
        self.reducing.mapped(place, &branch.label, answers);
        let ended = Ended {
            document,
            name: branch.label.clone(),
            end,
            rows: rows(branch),
        };
        self.put(place, ended);
    }

    /// Takes a piece that has ended, and accounts for all whose turn has come.
    fn put(&mut self, place: u64, ended: Ended<M>) {
        self.ended.put(place, ended);
        while let Some(it) = self.ended.next() {
            it.rows.iter().for_each(|row| self.reducing.row(row));
            if let [first, _, ..] = &it.rows[..] {
                it.rows
                    .iter()
                    .for_each(|row| self.pieces.remember_name(&row.label));
                let name = first.label.rsplit_once('#').map_or("", |it| it.0);
                let is_uncut = !self.pieces.are_chunks();
                self.coverage.in_parts(is_uncut.then_some(name));
            }
            match it.end.filter(|_| self.late.is_empty()) {
                Some(end) => self.coverage.end(it.document, it.name, end),
                None => self.late.push((it.document, it.name, it.end)),
            }
            self.rows.extend(it.rows);
        }
    }
}

impl<'r, M, R> Machine for MapReduceMachine<'r, M, R> {
    type Work = MapWork<M, R>;
    type Done = MapDone<M, R>;
    type Purpose = MapPurpose;

    fn due(&mut self, _: BranchId, cx: &mut Context<'_>) -> Poll<Option<DueStep<M, R>>> {
        if let Some(step) = self.next_step() {
            return Poll::Ready(Some(step));
        }
        while !self.pieces.is_exhausted {
            if self.ended.is_full() {
                return Poll::Pending;
            }
            let Some(next) = ready!(self.pieces.poll_next(cx)) else {
                self.reducing.finish();
                if let Some(step) = self.next_step() {
                    return Poll::Ready(Some(step));
                }
                break;
            };
            let (place, name, document) = (self.ended.begin(), next.name, next.document);
            let Some(piece) = next.piece else {
                let ended = Ended {
                    document,
                    name,
                    end: Some(Covered::Skipped),
                    rows: Vec::new(),
                };
                self.put(place, ended);
                continue;
            };
            self.reducing.begun(place);
            let purpose = MapPurpose::Map(place, document, piece.columns());
            let due = Due::new(StepRole::Map, name, purpose, MapWork::Map(piece));
            return Poll::Ready(Some(due));
        }
        match self.ended.is_empty() && self.steps == 0 {
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    }

    fn ended(&mut self, purpose: MapPurpose, branch: Branch<MapDone<M, R>>) -> Vec<BranchId> {
        if let MapPurpose::Map(place, document, columns) = purpose {
            let branch = branch.and_then(|done| match done {
                MapDone::Mapped(answers) => Some(answers),
                MapDone::Combined(_) | MapDone::Compared(_) => None,
            });
            self.take_mapped(place, document, Branch { columns, ..branch });
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
        for (document, name, known) in self.late {
            self.coverage.end(document, name, known.unwrap_or(end));
        }
        let (pieces, documents) = self.pieces.left();
        for it in pieces {
            let end = it.piece.map_or(Covered::Skipped, |_| end);
            self.coverage.end(it.document, it.name, end);
        }
        if let Some(warning) = self.coverage.warning() {
            self.run.warn(warning);
        }
        let coverage = self.coverage.finish(documents);
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
