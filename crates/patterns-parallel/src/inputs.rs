//! A fan-out over a stream of inputs, for work that is none of the patterns.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::StreamExt;
use patterns_core::{Branch, BranchId, Scope, StepRole};

use crate::RunOptions;
use crate::fan_out::{self, Stop, Work};
use crate::in_order::InOrder;
use crate::machine::{Due, Machine};

/// Runs one piece of work per input, at most `concurrency` at once, and yields a [`Branch`] for
/// every input that was started, in the order of the inputs.
///
/// It pulls an input only when a place is free. A slow branch holds back later ones, so new inputs are
/// pulled only while fewer than 64 times the concurrency are unyielded: any number of inputs needs
/// constant memory. It spawns nothing: the work runs while the stream is polled.
///
/// # Cancellation
///
/// Dropping the stream drops all work in flight.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use futures_util::{StreamExt, stream};
/// use patterns_core::{AgentError, Answer};
/// use patterns_parallel::{FanOut, RunOptions};
///
/// let inputs = stream::iter(1..=3).map(|n: u32| (format!("number {n}"), n));
/// let squares: Vec<u32> = FanOut::new(inputs, &RunOptions::default(), |n, _scope| {
///     Box::pin(async move { Ok::<_, AgentError>(Answer::new(n * n)) })
/// })
/// .filter_map(async |branch| branch.value().copied())
/// .collect()
/// .await;
/// assert_eq!(squares, [1, 4, 9]);
/// # }
/// ```
pub struct FanOut<'a, I, B, S: Stream<Item = (String, I)>> {
    inner: fan_out::FanOut<'a, Inputs<I, B, S>>,
}

impl<'a, I, B, S> FanOut<'a, I, B, S>
where
    S: Stream<Item = (String, I)>,
    B: 'a,
{
    /// Prepares a fan-out over labelled inputs; nothing runs until it is polled.
    pub fn new(
        inputs: S,
        options: &RunOptions,
        work: impl FnMut(I, Scope) -> Work<'a, B> + Send + 'a,
    ) -> Self {
        let machine = Inputs {
            of: PhantomData,
            total: match inputs.size_hint() {
                (least, Some(most)) if least == most => Some(most as u64),
                _ => None,
            },
            inputs: Box::pin(inputs),
            is_exhausted: false,
            ended: InOrder::new(options),
        };
        Self {
            inner: fan_out::FanOut::new(machine, options, work),
        }
    }

    /// Returns why the fan-out ended early, once it has.
    pub fn stopped(&self) -> Option<Stop> {
        self.inner.stopped()
    }
}

/// What goes into a fan-out from outside, and comes out of it.
struct Inputs<I, B, S> {
    inputs: Pin<Box<S>>,
    of: PhantomData<fn() -> I>,
    total: Option<u64>,
    is_exhausted: bool,
    ended: InOrder<Branch<B>>,
}

impl<I, B, S: Stream<Item = (String, I)>> Machine for Inputs<I, B, S> {
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
        Poll::Ready(next.map(|(label, work)| Due {
            role: StepRole::Map,
            label,
            purpose: self.ended.begin(),
            work,
        }))
    }

    fn ended(&mut self, place: u64, branch: Branch<B>) -> Vec<BranchId> {
        self.ended.put(place, branch);
        Vec::new()
    }

    fn total(&self) -> Option<u64> {
        self.total
    }
}

impl<'a, I, B, S> Stream for FanOut<'a, I, B, S>
where
    S: Stream<Item = (String, I)>,
    B: 'a,
{
    type Item = Branch<B>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Branch<B>>> {
        loop {
            if let Some(branch) = self.inner.machine_mut().ended.next() {
                return Poll::Ready(Some(branch));
            }
            match self.inner.poll_next_unpin(cx) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<I, B, S: Stream<Item = (String, I)>> fmt::Debug for FanOut<'_, I, B, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
