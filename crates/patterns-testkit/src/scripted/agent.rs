//! An agent that answers from a script.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use patterns_core::{Agent, AgentError, Answer, BoxFuture, Scope};

use super::gauge::{Gauge, lock};

/// An [`Agent`] whose answers follow from its inputs, and which remembers what it was given.
///
/// For expectations on calls use a [`MockAgent`](crate::MockAgent); a scripted agent adds time and
/// concurrency.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use patterns_core::{Agent, Scope};
/// use patterns_testkit::ScriptedAgent;
///
/// let agent = ScriptedAgent::new(|word: &String| Ok(word.len()));
/// let answer = agent.run(&"four".to_owned(), Scope::default()).await.unwrap();
/// assert_eq!(answer.value, 4);
/// assert_eq!(agent.inputs(), ["four"]);
/// # }
/// ```
pub struct ScriptedAgent<I, O> {
    answer: Box<Answering<I, O>>,
    latency: Box<Latency<I>>,
    inputs: Mutex<Vec<I>>,
    gauge: Gauge,
}

type Answering<I, O> = dyn Fn(&I) -> Result<O, AgentError> + Send + Sync;
type Latency<I> = dyn Fn(&I) -> Duration + Send + Sync;

impl<I: Clone, O> ScriptedAgent<I, O> {
    /// Makes an agent that answers like this.
    pub fn new(answer: impl Fn(&I) -> Result<O, AgentError> + Send + Sync + 'static) -> Self {
        Self {
            answer: Box::new(answer),
            latency: Box::new(|_| Duration::ZERO),
            inputs: Mutex::default(),
            gauge: Gauge::default(),
        }
    }

    /// Sets how long each step takes, by tokio's clock.
    #[must_use]
    pub fn latency(mut self, latency: impl Fn(&I) -> Duration + Send + Sync + 'static) -> Self {
        self.latency = Box::new(latency);
        self
    }

    /// Returns what was given so far, in order.
    pub fn inputs(&self) -> Vec<I> {
        lock(&self.inputs).clone()
    }

    /// Returns how many steps were in flight at once, at most.
    pub fn peak_in_flight(&self) -> usize {
        self.gauge.peak()
    }
}

impl<I: Clone + Send + Sync, O: Send> Agent<I, O> for ScriptedAgent<I, O> {
    fn run<'a>(&'a self, input: &'a I, _: Scope) -> BoxFuture<'a, Result<Answer<O>, AgentError>> {
        Box::pin(async move {
            let _in_flight = self.gauge.enter();
            lock(&self.inputs).push(input.clone());
            let latency = (self.latency)(input);
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            (self.answer)(input).map(Answer::new)
        })
    }
}

impl<I, O> fmt::Debug for ScriptedAgent<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedAgent")
            .field("inputs", &lock(&self.inputs).len())
            .finish_non_exhaustive()
    }
}
