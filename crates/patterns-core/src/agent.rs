//! An agent is a typed step: it turns an input into a checked answer.
//!
//! It has typed inputs, too, so that a mock sees a task and not a prompt, and fields that code knows (a count, a
//! name) come from the input: no model is asked for them.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::{AgentError, BoxFuture, Fix, Part, Scope, Usage};

/// A typed step.
///
/// The patterns are written against this trait alone; [`ModelAgent`](crate::ModelAgent) is the
/// implementation that asks a model, [`agent_fn`] makes one of a function, and tests give scripted or
/// mocked ones.
///
/// ```
/// use patterns_core::{Agent, AgentError, Answer, BoxFuture, Document, Scope};
///
/// /// Reads a number out of a document.
/// struct Total;
///
/// impl Agent<Document, f64> for Total {
///     fn run<'a>(&'a self, input: &'a Document, _: Scope) -> BoxFuture<'a, Result<Answer<f64>, AgentError>> {
///         Box::pin(async move {
///             let total = input.text.trim().parse().map_err(AgentError::code)?;
///             Ok(Answer::new(total))
///         })
///     }
/// }
/// ```
///
/// # Cancellation
///
/// Dropping the future of [`run`](Self::run) ends the step and every call it has under way.
pub trait Agent<I, O>: Send + Sync {
    /// Carries out the step; `scope` says which branch it is for, and who is told.
    ///
    /// # Errors
    ///
    /// Returns an [`AgentError`] if no answer was found that keeps the contract.
    fn run<'a>(
        &'a self,
        input: &'a I,
        scope: Scope,
    ) -> BoxFuture<'a, Result<Answer<O>, AgentError>>;

    /// Makes an agent that turns each answer into another type, with the input at hand, so that
    /// what is known need not be asked.
    fn map<P, F>(self, f: F) -> Map<Self, F, O>
    where
        Self: Sized,
        F: Fn(O, &I) -> P + Send + Sync,
    {
        Map {
            agent: self,
            f,
            inner: std::marker::PhantomData,
        }
    }
}

impl<I, O> fmt::Debug for dyn Agent<I, O> + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Agent")
    }
}

impl<I, O, A: Agent<I, O> + ?Sized> Agent<I, O> for Arc<A> {
    fn run<'a>(
        &'a self,
        input: &'a I,
        scope: Scope,
    ) -> BoxFuture<'a, Result<Answer<O>, AgentError>> {
        (**self).run(input, scope)
    }
}

/// What an agent answered, and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    /// The value; it keeps the agent's contract.
    pub value: T,
    /// What all the calls behind it used, rejected answers included.
    pub usage: Usage,
    /// The model that answered, as the provider names it.
    pub model: String,
    /// The provider's own id of the last request.
    pub request_id: Option<String>,
    /// What was mended in the text of the answer.
    pub fixes: Vec<Fix>,
    /// How often the model was asked again because its answer was rejected.
    pub reasks: u32,
}

impl<T> Answer<T> {
    /// Makes an answer with an empty bill.
    pub fn new(value: T) -> Self {
        Self {
            value,
            usage: Usage::default(),
            model: String::new(),
            request_id: None,
            fixes: Vec::new(),
            reasks: 0,
        }
    }

    /// Makes the same answer with another value.
    pub fn map<P>(self, f: impl FnOnce(T) -> P) -> Answer<P> {
        Answer {
            value: f(self.value),
            usage: self.usage,
            model: self.model,
            request_id: self.request_id,
            fixes: self.fixes,
            reasks: self.reasks,
        }
    }

    /// Adds the bill of a further answer of the same step to this one's, and returns its value. The
    /// last request is then the further one's.
    pub fn join<P>(&mut self, further: Answer<P>) -> P {
        self.usage += further.usage;
        self.request_id = further.request_id;
        self.fixes.extend(further.fixes);
        self.reasks += further.reasks;
        further.value
    }
}

/// The words of one question: what stays the same for all branches first, what differs last, so
/// that a provider can serve the shared beginning from its cache.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// Which independent draw is wanted.
    pub sample: u32,
}

impl Prompt {
    /// Makes a prompt of one draw.
    pub fn new(parts: impl Into<Vec<Part>>) -> Self {
        Self {
            parts: parts.into(),
            sample: 0,
        }
    }

    /// Sets which draw is wanted.
    #[must_use]
    pub fn sample(mut self, sample: u32) -> Self {
        self.sample = sample;
        self
    }
}

impl From<&String> for Prompt {
    fn from(text: &String) -> Self {
        Self::from(&text.as_str())
    }
}

impl From<&&str> for Prompt {
    fn from(text: &&str) -> Self {
        Self::new([Part::text(*text)])
    }
}

impl From<&crate::Document> for Prompt {
    fn from(document: &crate::Document) -> Self {
        Self::new([Part::Document(document.clone())])
    }
}

/// An agent whose answers are turned into another type; made by [`Agent::map`].
pub struct Map<A, F, O> {
    agent: A,
    f: F,
    inner: std::marker::PhantomData<fn() -> O>,
}

impl<I, O, P, A, F> Agent<I, P> for Map<A, F, O>
where
    I: Sync,
    A: Agent<I, O>,
    F: Fn(O, &I) -> P + Send + Sync,
{
    fn run<'a>(
        &'a self,
        input: &'a I,
        scope: Scope,
    ) -> BoxFuture<'a, Result<Answer<P>, AgentError>> {
        Box::pin(async move {
            let answer = self.agent.run(input, scope).await?;
            Ok(answer.map(|value| (self.f)(value, input)))
        })
    }
}

impl<A: fmt::Debug, F, O> fmt::Debug for Map<A, F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("agent", &self.agent)
            .finish_non_exhaustive()
    }
}

/// An agent made of an async function; made by [`agent_fn`].
#[derive(Clone, Debug)]
pub struct AgentFn<F>(F);

/// Makes an agent of an async function, for steps that code can do without a model.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), patterns_core::AgentError> {
/// use patterns_core::{Agent, Answer, Scope, agent_fn};
///
/// let count = agent_fn(async |text: &str| Ok(Answer::new(text.len())));
/// assert_eq!(count.run(&"four", Scope::default()).await?.value, 4);
/// # Ok(()) }
/// ```
pub fn agent_fn<F>(f: F) -> AgentFn<F> {
    AgentFn(f)
}

impl<I, O, F, Fut> Agent<I, O> for AgentFn<F>
where
    I: Clone + Sync,
    F: Fn(I) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Answer<O>, AgentError>> + Send,
{
    fn run<'a>(&'a self, input: &'a I, _: Scope) -> BoxFuture<'a, Result<Answer<O>, AgentError>> {
        Box::pin(async move { (self.0)(input.clone()).await })
    }
}
