//! A run under way, whatever its pattern.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::StreamExt;
use patterns_core::{BoxFuture, Branch, Outcome};

use crate::RunError;
use crate::fan_out::{FanOut, Stop};
use crate::machine::Machine;

/// A run under way: awaited, it is an [`Outcome`] with all its branches; polled as a stream, it yields
/// the branches in input order, as soon as their turn has come, and keeps none.
///
/// After the stream has ended, awaiting the rest gives the outcome, whose branches are those that
/// the stream has not yielded. What waits for a slow branch before it is bounded: nothing new begins
/// while 64 times the concurrency are unyielded. A run that is only awaited has no such bound, as it
/// keeps all branches.
///
/// Nothing happens until it is polled.
///
/// # Errors
///
/// It ends with a [`RunError`] if it cannot be carried out at all; as a stream it is empty then.
///
/// # Cancellation
///
/// Dropping it ends all calls under way.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use patterns_parallel::{AgentOptions, RunOptions, Sectioning};
/// use patterns_testkit::ScriptedModel;
///
/// let model = Arc::new(ScriptedModel::new([
///     r#"{"content": "Begun in 2006.", "key_points": []}"#,
///     r#"{"content": "Safe, and strict.", "key_points": []}"#,
///     r#"{"summary": "Rust, begun in 2006, is safe and strict."}"#,
/// ]));
/// let plan = ["History", "Pros and cons"];
/// let sectioning = Sectioning::with_model(plan, model, &AgentOptions::default());
/// let options = RunOptions::default();
/// let mut run = sectioning.run("Rust", &options);
/// let mut headings = Vec::new();
/// while let Some(section) = run.next().await {
///     headings.push(section.label);
/// }
/// assert_eq!(headings, ["History", "Pros and cons"]);
/// assert!(run.await?.value?.summary.starts_with("Rust"));
/// # Ok(()) }
/// ```
#[must_use = "nothing happens until it is awaited or polled"]
pub struct Running<'r, A, B> {
    state: State<'r, A, B>,
    /// How it has ended, until somebody takes that.
    ended: Option<Result<Outcome<A, B>, RunError>>,
    /// Branches for the outcome.
    kept: Vec<Branch<B>>,
    /// Whether the stream has been polled.
    is_streamed: bool,
}

enum State<'r, A, B> {
    Preparing(BoxFuture<'r, Result<Box<dyn UnderWay<A, B> + 'r>, RunError>>),
    UnderWay(Box<dyn UnderWay<A, B> + 'r>),
    Ended,
}

/// A machine that is a whole run: it yields the run's branches, and ends in its outcome.
pub(crate) trait RunMachine: Machine {
    /// What the run comes to.
    type Value;
    /// What its branches make, as the caller sees them.
    type Row;

    /// Keeps the account of all steps and bounds nothing, because all branches are kept anyway.
    fn keep_all(&mut self) {}

    /// Takes note that nothing runs any more, and why it ended early, if it did. It is told whenever it is
    /// asked for a branch after that.
    fn stopped(&mut self, stop: Option<Stop>) {
        let _ = stop;
    }

    /// Returns the next branch in input order, if it has ended.
    fn next_row(&mut self) -> Option<Branch<Self::Row>>;

    /// Ends the run. Branches that were not yielded are lost, unless the outcome has them.
    fn outcome(self, stop: Option<Stop>) -> Outcome<Self::Value, Self::Row>;
}

/// A fan-out of which only its run matters.
trait UnderWay<A, B>: Send {
    fn keep_all(&mut self);
    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Option<Branch<B>>>;
    fn outcome(self: Box<Self>) -> Outcome<A, B>;
}

impl<'a, M> UnderWay<M::Value, M::Row> for FanOut<'a, M>
where
    M: RunMachine<Done: 'a, Purpose: Send> + Send,
{
    fn keep_all(&mut self) {
        self.machine_mut().keep_all();
    }

    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Option<Branch<M::Row>>> {
        loop {
            if let Some(row) = self.machine_mut().next_row() {
                return Poll::Ready(Some(row));
            }
            match self.poll_next_unpin(cx) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) => {
                    let stop = self.stopped();
                    self.machine_mut().stopped(stop);
                    return Poll::Ready(self.machine_mut().next_row());
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn outcome(self: Box<Self>) -> Outcome<M::Value, M::Row> {
        let (machine, stop) = self.into_parts();
        machine.outcome(stop)
    }
}

impl<'r, A, B> Running<'r, A, B> {
    /// Makes a run of a fan-out that is yet to be prepared.
    pub(crate) fn new<M>(
        prepare: impl Future<Output = Result<FanOut<'r, M>, RunError>> + Send + 'r,
    ) -> Self
    where
        M: RunMachine<Value = A, Row = B, Done: 'r, Purpose: Send> + Send + 'r,
    {
        let prepare = async {
            let fan_out: Box<dyn UnderWay<A, B> + 'r> = Box::new(prepare.await?);
            Ok(fan_out)
        };
        Self {
            state: State::Preparing(Box::pin(prepare)),
            ended: None,
            kept: Vec::new(),
            is_streamed: false,
        }
    }

    /// Returns the next branch in input order, as the stream does.
    pub async fn next(&mut self) -> Option<Branch<B>> {
        StreamExt::next(self).await
    }

    /// Hands over each branch in input order, as soon as its turn has come, and returns the outcome, which
    /// has none of them then.
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] if the run cannot be carried out at all.
    pub async fn each(
        mut self,
        mut take: impl FnMut(Branch<B>),
    ) -> Result<Outcome<A, B>, RunError> {
        while let Some(branch) = self.next().await {
            take(branch);
        }
        self.await
    }

    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Option<Branch<B>>> {
        loop {
            match &mut self.state {
                State::Preparing(prepare) => {
                    self.state = match ready!(prepare.as_mut().poll(cx)) {
                        Ok(mut run) => {
                            if !self.is_streamed {
                                run.keep_all();
                            }
                            State::UnderWay(run)
                        }
                        Err(error) => {
                            self.ended = Some(Err(error));
                            State::Ended
                        }
                    };
                }
                State::UnderWay(run) => {
                    if let Some(row) = ready!(run.poll_row(cx)) {
                        return Poll::Ready(Some(row));
                    }
                    if let State::UnderWay(run) = mem::replace(&mut self.state, State::Ended) {
                        self.ended = Some(Ok(run.outcome()));
                    }
                }
                State::Ended => return Poll::Ready(None),
            }
        }
    }
}

impl<A, B> Stream for Running<'_, A, B> {
    type Item = Branch<B>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Branch<B>>> {
        self.is_streamed = true;
        self.poll_row(cx)
    }
}

impl<A, B> Future for Running<'_, A, B> {
    type Output = Result<Outcome<A, B>, RunError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        while let Some(row) = ready!(self.poll_row(cx)) {
            self.kept.push(row);
        }
        let taken = RunError::InvalidSetup("the outcome of the run has been taken already");
        let mut outcome = self.ended.take().ok_or(taken).flatten()?;
        outcome.branches = mem::take(&mut self.kept);
        Poll::Ready(Ok(outcome))
    }
}

// No part of it is pinned in place.
impl<A, B> Unpin for Running<'_, A, B> {}

impl<A, B> fmt::Debug for Running<'_, A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("kept", &self.kept.len())
            .field("is_streamed", &self.is_streamed)
            .finish_non_exhaustive()
    }
}
