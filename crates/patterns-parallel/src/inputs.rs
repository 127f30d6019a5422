//! A fan-out over a stream of inputs, for work that is none of the patterns.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use patterns_core::{Branch, BranchId, Outcome, Scope, StepRole};

use crate::fan_out::{FanOut, Stop, Work};
use crate::in_order::InOrder;
use crate::machine::{Due, Machine};
use crate::run::Run;
use crate::running::RunMachine;
use crate::{RunOptions, Running};

/// Runs one piece of work per labelled input, at most `concurrency` at once. The branches are the inputs that
/// were started, in their order. The value of the outcome is an error if too many of them failed, if the run
/// was stopped, or if nothing was answered.
///
/// It pulls an input only when a place is free. As a stream, any number of inputs needs constant memory. It is
/// no run of a pattern, so its begin and end are no events; those of its branches are.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use futures_util::{StreamExt, stream};
/// use patterns_core::{AgentError, Answer};
/// use patterns_parallel::{RunOptions, fan_out};
///
/// let inputs = stream::iter(1..=3).map(|n: u32| (format!("number {n}"), n));
/// let squares: Vec<u32> = fan_out(inputs, &RunOptions::default(), |n, _scope| {
///     Box::pin(async move { Ok::<_, AgentError>(Answer::new(n * n)) })
/// })
/// .filter_map(async |branch| branch.value().copied())
/// .collect()
/// .await;
/// assert_eq!(squares, [1, 4, 9]);
/// # }
/// ```
pub fn fan_out<'r, I, B, S>(
    inputs: S,
    options: &'r RunOptions,
    work: impl FnMut(I, Scope) -> Work<'r, B> + Send + 'r,
) -> Running<'r, (), B>
where
    I: 'r,
    B: Send + 'r,
    S: Stream<Item = (String, I)> + Send + 'r,
{
    Running::new(async move {
        let machine = Inputs {
            of: PhantomData,
            run: Run::start(options, None, None),
            total: exact(inputs.size_hint()),
            inputs: Box::pin(inputs),
            is_exhausted: false,
            ended: InOrder::new(options),
        };
        Ok(FanOut::new(machine, options, work))
    })
}

/// Returns how many items there are, if that is known.
pub(crate) fn exact((least, most): (usize, Option<usize>)) -> Option<u64> {
    most.filter(|it| *it == least).map(|it| it as u64)
}

/// What goes into a fan-out from outside, and comes out of it.
struct Inputs<'r, I, B, S> {
    run: Run<'r>,
    inputs: Pin<Box<S>>,
    of: PhantomData<fn() -> I>,
    total: Option<u64>,
    is_exhausted: bool,
    ended: InOrder<Branch<B>>,
}

impl<I, B, S: Stream<Item = (String, I)>> Machine for Inputs<'_, I, B, S> {
    type Work = I;
    type Done = B;
    /// Its place among the inputs.
    type Purpose = u64;

    fn due(&mut self, _: BranchId, cx: &mut Context<'_>) -> Poll<Option<Due<I, u64>>> {
        if self.is_exhausted {
            return Poll::Ready(None);
        }
        if self.ended.is_full() {
            return Poll::Pending;
        }
        let next = ready!(self.inputs.as_mut().poll_next(cx));
        self.is_exhausted = next.is_none();
        Poll::Ready(
            next.map(|(label, work)| Due::new(StepRole::Map, label, self.ended.begin(), work)),
        )
    }

    fn ended(&mut self, place: u64, branch: Branch<B>) -> Vec<BranchId> {
        self.run.account(&branch);
        self.ended.put(place, branch);
        Vec::new()
    }

    fn total(&self) -> Option<u64> {
        self.total
    }
}

impl<I, B, S: Stream<Item = (String, I)>> RunMachine for Inputs<'_, I, B, S> {
    type Value = ();
    type Row = B;

    fn keep_all(&mut self) {
        self.ended.unbounded();
    }

    fn next_row(&mut self) -> Option<Branch<B>> {
        self.ended.next()
    }

    fn outcome(self, stop: Option<Stop>) -> Outcome<(), B> {
        let value = self.run.verdict(stop);
        self.run.finish(value, Vec::new())
    }
}
