//! The only place with concurrency: a bounded, lazy fan-out that runs in place.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::future::{AbortHandle, Abortable, abortable};
use futures_util::stream::{FuturesUnordered, StreamExt};
use patterns_core::{
    AgentError, Answer, BoxFuture, Branch, BranchEnd, BranchId, Event, Origin, StepRole, Usage,
};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::RunOptions;
use crate::settle::settle;

/// Runs one piece of work per input, at most `concurrency` at once, and yields a [`Branch`] for
/// every input that was started.
///
/// It pulls an input only when a place is free, so any number of inputs needs constant memory. It
/// spawns nothing: the work runs while the stream is polled.
///
/// # Cancellation
///
/// Dropping the stream drops all work in flight.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use futures_util::{StreamExt, stream};
/// use patterns_core::{AgentError, Answer, StepRole};
/// use patterns_parallel::{FanOut, Order, RunOptions};
///
/// let inputs = stream::iter(1..=3).map(|n: u32| (format!("number {n}"), n));
/// let squares: Vec<u32> = FanOut::new(inputs, &RunOptions::default(), |n, _origin| {
///     Box::pin(async move { Ok::<_, AgentError>(Answer::new(n * n)) })
/// })
/// .role(StepRole::Map)
/// .order(Order::Input)
/// .filter_map(async |branch| branch.value().copied())
/// .collect()
/// .await;
/// assert_eq!(squares, [1, 4, 9]);
/// # }
/// ```
pub struct FanOut<'a, I, B, S> {
    inputs: Pin<Box<S>>,
    total: Option<u64>,
    work: Box<dyn FnMut(I, Origin) -> Work<'a, B> + Send + 'a>,
    options: RunOptions,
    role: StepRole,
    order: Order,
    next_id: u64,
    is_exhausted: bool,
    stop: Option<Stop>,
    failed: u64,
    /// Ready when nothing new may begin.
    draining: Pin<Box<WaitForCancellationFutureOwned>>,
    running: FuturesUnordered<Abortable<Numbered<'a, B>>>,
    started: BTreeMap<u64, (Started, AbortHandle)>,
    /// Work that goes before the next input.
    added: VecDeque<(u64, Started, I)>,
    /// Whether no input is to be pulled for now.
    is_held: bool,
    /// Finished branches that wait for their turn, by number.
    waiting: BTreeMap<u64, Branch<B>>,
    /// Finished branches that can be yielded.
    ready: VecDeque<Branch<B>>,
    next_out: u64,
    /// Branches yielded since the task last waited for anything.
    streak: u32,
}

/// How many branches are yielded in a row before other work of the task gets its turn. Agents that
/// never wait (scripts, the offline model) would otherwise keep a signal from being noticed.
const MAX_STREAK: u32 = 16;

/// Branches that may wait for a slow one before them, for each one in flight. A call that gets stuck
/// for a minute holds back what a fast provider answers in that minute.
pub(crate) const WINDOW: usize = 64;

/// A branch that has not ended.
struct Started {
    role: StepRole,
    label: String,
    /// Whether it works on an input, which failure policies count.
    is_input: bool,
}

/// The work of one branch.
type Work<'a, B> = BoxFuture<'a, Result<Answer<B>, AgentError>>;

/// The work of one branch, with its number.
type Numbered<'a, B> = BoxFuture<'a, (u64, Result<Answer<B>, AgentError>)>;

/// In which order finished branches are yielded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they finish.
    #[default]
    Finish,
    /// As their inputs came. A slow branch holds back later ones; to bound what is held, new
    /// inputs are pulled only while fewer than 64 times the concurrency are unyielded.
    Input,
}

/// Why a fan-out ended before its inputs did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A branch met trouble that every other one would meet too. What was in flight has ended.
    Fatal,
    /// The failure policy was broken. What was in flight has been cancelled.
    Policy,
    /// The run was told to end. What was in flight has ended.
    Drained,
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
        work: impl FnMut(I, Origin) -> Work<'a, B> + Send + 'a,
    ) -> Self {
        let total = match inputs.size_hint() {
            (least, Some(most)) if least == most => Some(most as u64),
            _ => None,
        };
        Self {
            inputs: Box::pin(inputs),
            total,
            work: Box::new(work),
            options: options.clone(),
            role: StepRole::Map,
            order: Order::default(),
            next_id: 0,
            is_exhausted: false,
            stop: None,
            failed: 0,
            draining: Box::pin(options.drain.clone().cancelled_owned()),
            running: FuturesUnordered::new(),
            started: BTreeMap::new(),
            added: VecDeque::new(),
            is_held: false,
            waiting: BTreeMap::new(),
            ready: VecDeque::new(),
            next_out: 0,
            streak: 0,
        }
    }

    /// Says what the branches are for.
    #[must_use]
    pub fn role(mut self, role: StepRole) -> Self {
        self.role = role;
        self
    }

    /// Sets the order in which branches are yielded.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Numbers the branches from `first` on, for runs that fan out more than once.
    #[must_use]
    pub fn first(mut self, first: BranchId) -> Self {
        self.next_id = first.0;
        self.next_out = first.0;
        self
    }

    /// Returns why the fan-out ended early, once it has.
    pub fn stopped(&self) -> Option<Stop> {
        self.stop
    }

    /// Returns the number that the next branch will get.
    pub fn next_id(&self) -> BranchId {
        BranchId(self.next_id)
    }

    /// Adds work that the branches so far gave rise to, and returns its number; it goes before the
    /// next input. Failure policies count inputs only, but under
    /// [`FailFast`](crate::FailurePolicy::FailFast) its failure ends the fan-out, too. For
    /// [`Order::Finish`].
    pub(crate) fn add(&mut self, role: StepRole, label: String, input: I) -> BranchId {
        let id = self.number();
        let started = Started {
            role,
            label,
            is_input: false,
        };
        self.added.push_back((id, started, input));
        BranchId(id)
    }

    /// Pulls no more inputs while `is_held`.
    pub(crate) fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// Returns whether every input has been pulled.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    fn number(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn has_place(&self) -> bool {
        self.stop.is_none() && self.running.len() < self.options.concurrency.get()
    }

    fn may_pull(&self) -> bool {
        let window = WINDOW * self.options.concurrency.get();
        let is_window_open = match self.order {
            Order::Finish => !self.is_held,
            Order::Input => self.running.len() + self.waiting.len() < window,
        };
        !self.is_exhausted && self.has_place() && is_window_open
    }

    /// Fills free places: with added work first, then with inputs as far as there are any yet.
    fn admit(&mut self, cx: &mut Context<'_>) {
        while self.has_place()
            && let Some((id, started, input)) = self.added.pop_front()
        {
            self.start(id, started, input);
        }
        while self.may_pull() {
            match self.inputs.as_mut().poll_next(cx) {
                Poll::Ready(Some((label, input))) => {
                    let started = Started {
                        role: self.role,
                        label,
                        is_input: true,
                    };
                    let id = self.number();
                    self.start(id, started, input);
                }
                Poll::Ready(None) => self.is_exhausted = true,
                Poll::Pending => break,
            }
        }
    }

    fn start(&mut self, id: u64, started: Started, input: I) {
        let origin = self.origin(id);
        self.options.events.emit(Event::BranchStarted {
            origin,
            role: started.role,
            label: started.label.clone(),
        });
        let work = (self.work)(input, origin);
        let numbered: Numbered<'a, B> = Box::pin(async move { (id, work.await) });
        let (work, handle) = abortable(numbered);
        self.started.insert(id, (started, handle));
        self.running.push(work);
    }

    fn origin(&self, id: u64) -> Origin {
        Origin {
            run: self.options.run,
            branch: BranchId(id),
        }
    }

    fn finish(&mut self, id: u64, result: Result<Answer<B>, AgentError>) {
        let origin = self.origin(id);
        let (usage, end) = settle(&self.options, origin, result);
        if let BranchEnd::Failed(error) = &end {
            let is_input = self.started.get(&id).is_none_or(|it| it.0.is_input);
            self.failed += u64::from(is_input);
            let (failed, total) = if is_input {
                (self.failed, self.total)
            } else {
                (1, None)
            };
            if error.kind().is_fatal() {
                self.stop.get_or_insert(Stop::Fatal);
            } else if self.options.on_failure.must_stop(failed, total) {
                self.stop.get_or_insert(Stop::Policy);
            }
        }
        self.deliver(id, usage, end);
        if self.stop == Some(Stop::Policy) {
            self.cancel_running();
        }
    }

    fn cancel_running(&mut self) {
        self.running = FuturesUnordered::new();
        let started: Vec<BranchId> = self.started.keys().map(|id| BranchId(*id)).collect();
        self.cancel(started);
    }

    /// Cancels branches that have not ended; each is yielded as such.
    pub(crate) fn cancel(&mut self, branches: impl IntoIterator<Item = BranchId>) {
        for BranchId(id) in branches {
            let Some((_, handle)) = self.started.get(&id) else {
                continue;
            };
            handle.abort();
            let origin = self.origin(id);
            // What a cancelled call has cost is not known here.
            let usage = Usage::default();
            let cancelled = Event::BranchCancelled { origin, usage };
            self.options.events.emit(cancelled);
            self.deliver(id, usage, BranchEnd::Cancelled);
        }
    }

    fn deliver(&mut self, id: u64, usage: Usage, end: BranchEnd<B>) {
        let Some((Started { role, label, .. }, _)) = self.started.remove(&id) else {
            return;
        };
        let branch = Branch {
            id: BranchId(id),
            role,
            label,
            usage,
            end,
        };
        match self.order {
            Order::Finish => self.ready.push_back(branch),
            Order::Input => {
                self.waiting.insert(id, branch);
                while let Some(branch) = self.waiting.remove(&self.next_out) {
                    self.next_out += 1;
                    self.ready.push_back(branch);
                }
            }
        }
    }
}

impl<'a, I, B, S> Stream for FanOut<'a, I, B, S>
where
    S: Stream<Item = (String, I)>,
    B: 'a,
{
    type Item = Branch<B>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Branch<B>>> {
        let this = &mut *self;
        if this.streak == MAX_STREAK {
            this.streak = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if this.stop.is_none() && this.draining.as_mut().poll(cx).is_ready() {
            this.stop = Some(Stop::Drained);
        }
        loop {
            if let Some(branch) = this.ready.pop_front() {
                this.streak += 1;
                return Poll::Ready(Some(branch));
            }
            this.admit(cx);
            match this.running.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok((id, result)))) => this.finish(id, result),
                // It was cancelled, and yielded then.
                Poll::Ready(Some(Err(_))) => {}
                Poll::Ready(None) if this.is_exhausted || this.stop.is_some() => {
                    return Poll::Ready(None);
                }
                Poll::Ready(None) | Poll::Pending => {
                    this.streak = 0;
                    return Poll::Pending;
                }
            }
        }
    }
}

// Every pinned part is boxed, so moving the whole is fine.
impl<I, B, S> Unpin for FanOut<'_, I, B, S> {}

impl<I, B, S> fmt::Debug for FanOut<'_, I, B, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanOut")
            .field("role", &self.role)
            .field("running", &self.running.len())
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}
