//! The course of a map-reduce run.

use std::fmt;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::StreamExt;
use patterns_core::{
    Agent, Branch, Contract, ContractError, Coverage, Document, Model, Outcome, Pattern,
    TokenCounter,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::{
    DocumentSummary, Reduction, combining_agent, document_agent, reduce_agent, summary_agent,
};
use super::course::Course;
use super::input::MapInput;
use super::intake::{Intake, Piece};
use super::split::Split;
use super::task::ReduceTask;
use super::topology::{FanIn, Topology};
use super::work::{Reducers, Task};
use crate::run::Run;
use crate::{AgentOptions, FanOut, Order, RunError, RunOptions};

/// Works on every document in parallel and combines the answers.
///
/// `M` is what the map agent answers, `R` what the reduce agent makes of many. A few answers that
/// fit the token budget are combined in one call; more of them in a tree, in document order. A
/// combination is made as soon as its own parts are there, whatever else is under way, and which
/// answers are its parts depends on the names of the documents, not on the order of the answers. A
/// change of one document changes only the combinations above it; see
/// [`Topology`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use futures_util::stream;
/// use patterns_core::Document;
/// use patterns_parallel::{AgentOptions, MapReduce, RunOptions};
/// use patterns_testkit::ScriptedModel;
///
/// let model = Arc::new(ScriptedModel::new([
///     r#"{"summary": "Sales rose."}"#,
///     r#"{"summary": "Costs rose."}"#,
///     r#"{"combined_summary": "Sales and costs rose."}"#,
/// ]));
/// let documents = [Document::new("q1", "Sales went up."), Document::new("q2", "Costs did too.")];
/// let map_reduce = MapReduce::with_model(model, &AgentOptions::default(), &AgentOptions::default())?;
/// let outcome = map_reduce.run(stream::iter(documents), &RunOptions::default()).await?;
/// let reduction = outcome.value?;
/// assert_eq!((reduction.total_documents, reduction.total_words), (2, 6));
/// # Ok(()) }
/// ```
pub struct MapReduce<M, R> {
    map: Arc<dyn Agent<Document, M>>,
    reduce: Reducers<M, R>,
    reduce_tokens: u64,
    topology: Topology,
    /// How many answers one call combines on average, if asked for.
    fan_in: Option<u32>,
    splitter: Option<Arc<dyn Split>>,
    counter: TokenCounter,
    /// Makes a result of an answer that is alone.
    alone: Option<fn(&M) -> R>,
    /// Puts what is known of the documents into the result.
    complete: Option<fn(&mut R, &Coverage)>,
}

impl MapReduce<DocumentSummary, Reduction> {
    /// Makes the pattern with the default answers (summaries), all agents on one model.
    ///
    /// # Errors
    ///
    /// Returns a [`ContractError`] if an answer type has no strict schema; the default ones have.
    pub fn with_model(
        model: Arc<dyn Model>,
        map: &AgentOptions,
        reduce: &AgentOptions,
    ) -> Result<Self, ContractError> {
        let map = summary_agent(Arc::clone(&model), map)?;
        let reduce = combining_agent(model, reduce)?;
        Ok(Self {
            complete: Some(Reduction::count_documents),
            ..Self::new(Arc::new(map), Arc::new(reduce))
        })
    }
}

impl<M, R> MapReduce<M, R>
where
    M: Serialize + DeserializeOwned + Send + Sync + 'static,
    R: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Makes the pattern with the user's own kinds of answers, all agents on one model.
    pub fn with_contracts(
        model: Arc<dyn Model>,
        map: (Contract<M>, &AgentOptions),
        reduce: (Contract<R>, &AgentOptions),
    ) -> Self {
        let map = document_agent(Arc::clone(&model), map.0, map.1);
        let reduce = reduce_agent(model, reduce.0, reduce.1);
        Self::new(Arc::new(map), Arc::new(reduce))
    }
}

impl<M, R> MapReduce<M, R> {
    /// The token budget of a reduce call where none is set.
    pub const DEFAULT_REDUCE_TOKENS: u64 = 24_000;

    /// Makes the pattern of two agents.
    pub fn new(
        map: Arc<dyn Agent<Document, M>>,
        reduce: Arc<dyn Agent<ReduceTask<M, R>, R>>,
    ) -> Self {
        let (leaf, inner) = (reduce, None);
        Self {
            map,
            reduce: Reducers { leaf, inner },
            reduce_tokens: Self::DEFAULT_REDUCE_TOKENS,
            topology: Topology::default(),
            fan_in: None,
            splitter: None,
            counter: TokenCounter::default(),
            alone: None,
            complete: None,
        }
    }

    /// Cuts documents that are too long for one call. Each chunk is a branch of its own, with the
    /// [name](crate::Chunk::id) of its document and a number; in what has nothing in it there is no
    /// chunk. What the model calls too long, chunk or document, is asked about in parts.
    ///
    /// [`Outcome::coverage`] says what became of all of them.
    #[must_use]
    pub fn split(mut self, splitter: Arc<dyn Split>) -> Self {
        self.splitter = Some(splitter);
        self
    }

    /// Sets who counts the tokens of answers.
    #[must_use]
    pub fn tokens(mut self, counter: TokenCounter) -> Self {
        self.counter = counter;
        self
    }

    /// Sets how many tokens of answers one reduce call may combine.
    #[must_use]
    pub fn reduce_tokens(mut self, tokens: u64) -> Self {
        self.reduce_tokens = tokens;
        self
    }

    /// Sets who combines combinations: not the agent that combines answers about documents.
    #[must_use]
    pub fn inner(mut self, agent: Arc<dyn Agent<ReduceTask<M, R>, R>>) -> Self {
        self.reduce.inner = Some(agent);
        self
    }

    /// Takes an answer that is alone for the result, made into one by this function, instead of asking
    /// the reduce agent to combine one thing.
    #[must_use]
    pub fn alone(mut self, make: fn(&M) -> R) -> Self {
        self.alone = Some(make);
        self
    }

    /// Sets which answers are combined, and when; [`Topology::Tree`] if not set.
    #[must_use]
    pub fn topology(mut self, topology: Topology) -> Self {
        self.topology = topology;
        self
    }

    /// Sets how many answers one reduce call combines on average; at most, it is twice as many. The
    /// least is 2. If it isn't set, it is 8 where not all answers fit in one call, and
    /// 2 for [`Topology::Refine`]: the next answer and the combination so far.
    #[must_use]
    pub fn fan_in(mut self, mean: u32) -> Self {
        self.fan_in = Some(mean);
        self
    }
}

impl<M, R> MapReduce<M, R>
where
    M: Serialize + Clone + Send + Sync + 'static,
    R: Serialize + Clone + Send + Sync + 'static,
{
    /// Works on the documents as they come and combines the answers.
    ///
    /// The branches of the outcome are the documents or their chunks, in input order; a failed one is
    /// left out of the combination and named there. One that was asked about in halves is there as
    /// two answers of one branch. Reduce calls are the outcome's steps.
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] if there is no document, or if the fan-in is less than 2.
    ///
    /// # Cancellation
    ///
    /// Dropping the future ends all calls under way.
    pub async fn run<S>(
        &self,
        documents: S,
        options: &RunOptions,
    ) -> Result<Outcome<R, M>, RunError>
    where
        S: Stream<Item: Into<MapInput>> + Send,
    {
        let mut branches = Vec::new();
        let keep = |branch| branches.push(branch);
        let course = self.course(documents, options, Order::Finish, keep);
        let mut outcome = course.await?;
        branches.sort_by_key(|branch| branch.id);
        outcome.branches = branches;
        Ok(outcome)
    }

    /// As [`run`](Self::run), but hands each document's branch to `each`, in input order and as
    /// soon as it can. The outcome's list of branches is empty, that of steps has the failed ones.
    ///
    /// Of any number of documents it holds only those under way, those that wait for a slow one
    /// before them, and the answers that wait for their neighbours in the tree.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use futures_util::{StreamExt, stream};
    /// use patterns_core::Document;
    /// use patterns_parallel::{MapReduce, ReduceTask, RunOptions};
    /// use patterns_testkit::ScriptedAgent;
    ///
    /// let lengths = ScriptedAgent::new(|document: &Document| Ok(document.text.len()));
    /// let range = ScriptedAgent::new(|task: &ReduceTask<usize, String>| Ok(task.name()));
    /// let map_reduce = MapReduce::new(Arc::new(lengths), Arc::new(range));
    /// let documents = stream::iter(1..=9).map(|n| Document::new(n.to_string(), "x".repeat(n)));
    /// let mut rows = Vec::new();
    /// let options = RunOptions::default();
    /// let run = map_reduce.run_each(documents, &options, |row| rows.extend(row.value().copied()));
    /// assert_eq!(run.await?.value?, "1 … 9");
    /// assert_eq!(rows, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] if there is no document, or if the fan-in is less than 2.
    ///
    /// # Cancellation
    ///
    /// Dropping the future ends all calls under way.
    pub async fn run_each<S>(
        &self,
        documents: S,
        options: &RunOptions,
        each: impl FnMut(Branch<M>),
    ) -> Result<Outcome<R, M>, RunError>
    where
        S: Stream<Item: Into<MapInput>> + Send,
    {
        self.course(documents, options, Order::Input, each).await
    }

    fn checked_fan_in(&self) -> Result<Option<FanIn>, RunError> {
        let Some(mean) = self.fan_in else {
            return Ok(None);
        };
        let fan_in = FanIn::new(mean, mean.saturating_mul(2));
        let fan_in = fan_in.ok_or(RunError::InvalidSetup("a fan-in is at least 2"))?;
        Ok(Some(fan_in))
    }

    async fn course<S>(
        &self,
        documents: S,
        options: &RunOptions,
        order: Order,
        each: impl FnMut(Branch<M>),
    ) -> Result<Outcome<R, M>, RunError>
    where
        S: Stream<Item: Into<MapInput>> + Send,
    {
        let shape = self
            .topology
            .begin(self.reduce_tokens, self.checked_fan_in()?);
        let intake = Intake::new(self.splitter.clone()).remember_words();
        let (mut run, pieces) = start(documents, options, &intake).await?;
        if order == Order::Input {
            run.forget_steps();
        }
        let inputs = pieces.map(|(label, piece)| (label, Task::Map(piece)));
        let fan_out = FanOut::new(inputs, options, |task, origin| {
            Box::pin(task.carry_out((&*self.map, &intake), &self.reduce, origin))
        });
        let course = Course::new(run, shape, order, self.counter.clone(), each).alone(self.alone);
        let mut outcome = course.run(fan_out, &intake).await;
        let coverage = intake.coverage();
        if let (Some(complete), Ok(value)) = (self.complete, &mut outcome.value) {
            complete(value, &coverage);
        }
        outcome.coverage = Some(coverage);
        Ok(outcome)
    }
}

/// Begins a run on at least one document, and returns what its branches work on.
pub(super) async fn start<'a, S: Stream<Item: Into<MapInput>> + Send>(
    documents: S,
    options: &'a RunOptions,
    intake: &Intake,
) -> Result<(Run<'a>, impl Stream<Item = (String, Piece)> + Send + use<S>), RunError> {
    let mut documents = Box::pin(documents.map(Into::into).peekable());
    if documents.as_mut().peek().await.is_none() {
        return Err(RunError::NoInput("there is no document"));
    }
    intake.expect(exact(documents.size_hint()));
    let pieces = intake.pieces(documents);
    let total = exact(pieces.size_hint());
    Ok((Run::start(options, Pattern::MapReduce, total), pieces))
}

/// Returns how many items a stream has, if that is known.
fn exact(hint: (usize, Option<usize>)) -> Option<u64> {
    match hint {
        (least, Some(most)) if least == most => Some(most as u64),
        _ => None,
    }
}

impl<M, R> fmt::Debug for MapReduce<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapReduce")
            .field("reduce_tokens", &self.reduce_tokens)
            .field("topology", &self.topology)
            .field("fan_in", &self.fan_in)
            .field("splits", &self.splitter.is_some())
            .finish_non_exhaustive()
    }
}
