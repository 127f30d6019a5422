//! Runs what a machine says is due: the only place with concurrency, bounded and in place.
//!
//! It asks for work only when a place is free, so any amount of work needs constant memory. It spawns
//! nothing: the work runs while the stream is polled, in the caller's task. It yields its turn after
//! sixteen branches in a row that never waited; agents that are always ready would otherwise starve
//! what shares that task, such as the command's signal handling.
//!
//! The bound may change while it runs, and be 0 while the run is paused: nothing begins then, and the stream is
//! pending, also where all that had begun has ended.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::future::{AbortHandle, Abortable, abortable};
use futures_util::stream::{FuturesUnordered, StreamExt};
use patterns_core::{
    AgentError, AgentErrorKind, Answer, BoxFuture, Branch, BranchEnd, BranchId, Event,
    ModelErrorKind, Scope, StepRole, Usage,
};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::RunOptions;
use crate::machine::{Due, Machine, is_step};

/// A machine under way: a stream with an item for every branch that has ended, once the machine has
/// been told of it.
///
/// # Cancellation
///
/// Dropping it drops all work in flight.
pub(crate) struct FanOut<'a, M: Machine> {
    machine: M,
    carry_out: CarryOut<'a, M::Work, M::Done>,
    options: RunOptions,
    scope: Scope,
    next: BranchId,
    stop: Option<Stop>,
    /// How many branches have failed that are no steps.
    failed: u64,
    /// Ready when nothing new may begin.
    draining: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Ready when the run has been paused, told to go on, or given another bound.
    steered: Pin<Box<WaitForCancellationFutureOwned>>,
    running: FuturesUnordered<Abortable<Numbered<'a, M::Done>>>,
    started: BTreeMap<BranchId, Started<M::Purpose>>,
    /// Branches that ended since the task last waited for anything.
    streak: u32,
}

/// How many branches end in a row before other work of the task gets its turn.
const MAX_STREAK: u32 = 16;

/// How a branch ends whose call was held back when the run was told to end.
const NOT_SENT: AgentErrorKind = AgentErrorKind::Model(ModelErrorKind::NotSent);

/// A branch that has not ended.
struct Started<P> {
    role: StepRole,
    label: String,
    purpose: P,
    handle: AbortHandle,
}

/// The work of one branch.
pub(crate) type Work<'a, D> = BoxFuture<'a, Result<Answer<D>, AgentError>>;

/// Does the work of a branch.
type CarryOut<'a, W, D> = Box<dyn FnMut(W, Scope) -> Work<'a, D> + Send + 'a>;

/// The work of one branch, with its number.
type Numbered<'a, D> = BoxFuture<'a, (BranchId, Result<Answer<D>, AgentError>)>;

/// Why a fan-out ended before its work did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A branch met trouble that every other one would meet too. What was in flight has ended.
    Fatal,
    /// The failure policy was broken. What was in flight has been cancelled.
    Policy,
    /// The run was told to end. What was in flight has ended.
    Drained,
}

impl<'a, M: Machine<Done: 'a>> FanOut<'a, M> {
    /// Prepares to run a machine, with its work done by `carry_out`; nothing runs until it is polled.
    pub(crate) fn new(
        machine: M,
        options: &RunOptions,
        carry_out: impl FnMut(M::Work, Scope) -> Work<'a, M::Done> + Send + 'a,
    ) -> Self {
        Self {
            machine,
            carry_out: Box::new(carry_out),
            options: options.clone(),
            scope: options.scope(),
            next: options.within.map_or(BranchId(0), BranchId::first_within),
            stop: None,
            failed: 0,
            draining: Box::pin(options.drain.clone().cancelled_owned()),
            steered: next_change(options),
            running: FuturesUnordered::new(),
            started: BTreeMap::new(),
            streak: 0,
        }
    }

    pub(crate) fn machine_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// Returns why it ended early, once it has.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.stop
    }

    /// Returns the machine, and why it ended early, if it did.
    pub(crate) fn into_parts(self) -> (M, Option<Stop>) {
        (self.machine, self.stop)
    }

    /// Fills free places as far as anything is due; returns whether nothing ever will be again.
    fn admit(&mut self, cx: &mut Context<'_>) -> bool {
        while self.stop.is_none() && self.running.len() < self.options.places() {
            match self.machine.due(self.next, cx) {
                Poll::Ready(Some(due)) => self.start(due),
                Poll::Ready(None) => return true,
                Poll::Pending => return false,
            }
        }
        self.stop.is_some()
    }

    fn start(&mut self, due: Due<M::Work, M::Purpose>) {
        let id = self.next;
        self.next.0 += 1;
        let scope = self.scope.branch(id);
        scope.emit(Event::BranchStarted {
            origin: scope.origin(),
            role: due.role,
            label: due.label.clone(),
        });
        let work = (self.carry_out)(due.work, scope);
        let numbered: Numbered<'a, M::Done> = Box::pin(async move { (id, work.await) });
        let (work, handle) = abortable(numbered);
        let started = Started {
            role: due.role,
            label: due.label,
            purpose: due.purpose,
            handle,
        };
        self.started.insert(id, started);
        self.running.push(work);
    }

    fn finish(&mut self, id: BranchId, result: Result<Answer<M::Done>, AgentError>) {
        let (usage, end) = end_of(result);
        if let (BranchEnd::Failed(error), Some(started)) = (&end, self.started.get(&id)) {
            let is_step = is_step(started.role);
            self.failed += u64::from(!is_step);
            let (failed, total) = match is_step {
                true => (1, None),
                false => (self.failed, self.machine.total()),
            };
            if error.kind().is_fatal() {
                self.stop.get_or_insert(Stop::Fatal);
            } else if self.options.on_failure.must_stop(failed, total) {
                self.stop.get_or_insert(Stop::Policy);
            }
        }
        let needless = self.end(id, usage, end);
        self.cancel(needless);
        if self.stop == Some(Stop::Policy) {
            let started: Vec<BranchId> = self.started.keys().copied().collect();
            self.cancel(started);
        }
    }

    /// Cancels branches that have not ended, and those that nobody needs any more because of that.
    pub(crate) fn cancel(&mut self, mut branches: Vec<BranchId>) {
        branches.reverse();
        while let Some(id) = branches.pop() {
            let Some(started) = self.started.get(&id) else {
                continue;
            };
            started.handle.abort();
            // What a cancelled call has cost is not known here.
            branches.extend(self.end(id, Usage::default(), BranchEnd::Cancelled));
        }
    }

    /// Tells everybody of the end of a branch, the machine too, and returns what that needs no more.
    fn end(&mut self, id: BranchId, usage: Usage, end: BranchEnd<M::Done>) -> Vec<BranchId> {
        let Some(started) = self.started.remove(&id) else {
            return Vec::new();
        };
        let origin = self.scope.branch(id).origin();
        self.scope.emit(match &end {
            BranchEnd::Answered(_) => Event::BranchAnswered { origin, usage },
            BranchEnd::Cancelled => Event::BranchCancelled { origin, usage },
            BranchEnd::Failed(error) => Event::BranchFailed {
                origin,
                kind: error.kind(),
                usage,
            },
        });
        let branch = Branch {
            id,
            role: started.role,
            label: started.label,
            usage,
            end,
            columns: None,
        };
        self.machine.ended(started.purpose, branch)
    }
}

fn next_change(options: &RunOptions) -> Pin<Box<WaitForCancellationFutureOwned>> {
    Box::pin(options.steering.changed().cancelled_owned())
}

/// Returns the bill of a branch, and how it has ended.
fn end_of<D>(result: Result<Answer<D>, AgentError>) -> (Usage, BranchEnd<D>) {
    match result {
        Ok(answer) => (answer.usage, BranchEnd::Answered(answer.value)),
        Err(error) if error.kind() == NOT_SENT => (error.usage(), BranchEnd::Cancelled),
        Err(error) => (error.usage(), BranchEnd::Failed(error)),
    }
}

impl<'a, M: Machine<Done: 'a>> Stream for FanOut<'a, M> {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        let this = &mut *self;
        if this.streak == MAX_STREAK {
            this.streak = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if this.stop.is_none() && this.draining.as_mut().poll(cx).is_ready() {
            this.stop = Some(Stop::Drained);
        }
        // Before the bound is looked at, so that no change of it is missed.
        while this.steered.as_mut().poll(cx).is_ready() {
            this.steered = next_change(&this.options);
        }
        loop {
            let is_over = this.admit(cx);
            match this.running.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok((id, result)))) => {
                    this.finish(id, result);
                    this.streak += 1;
                    return Poll::Ready(Some(()));
                }
                // It was cancelled, and its end was told then.
                Poll::Ready(Some(Err(_))) => {}
                Poll::Ready(None) if is_over => return Poll::Ready(None),
                Poll::Ready(None) | Poll::Pending => {
                    this.streak = 0;
                    return Poll::Pending;
                }
            }
        }
    }
}

// No part of it is pinned in place.
impl<M: Machine> Unpin for FanOut<'_, M> {}

#[cfg(test)]
mod tests;
