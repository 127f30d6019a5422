//! The course of a map-reduce run.

use std::fmt;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use patterns_core::{
    Agent, AggregateError, AggregateErrorKind, Branch, Contract, ContractError, Document, Model,
    Outcome, Pattern, StepRole,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::{
    DocumentSummary, Reduction, custom_reduce_agent, document_agent, reduce_agent, summary_agent,
};
use super::task::{ReduceItem, ReduceTask};
use super::tree::{FAN_IN, Leaf, group, identity};
use crate::run::Run;
use crate::{AgentOptions, FanOut, Order, RunError, RunOptions, estimate_tokens};

/// Works on every document in parallel and combines the answers.
///
/// `M` is what the map agent answers, `R` what the reduce agent makes of many. The answers are
/// combined in one call if they fit the token budget, else in a tree in document order. The shape of
/// the tree depends on the names of the documents, so that adding or changing one changes few calls.
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
    reduce: Arc<dyn Agent<ReduceTask<M, R>, R>>,
    reduce_tokens: u64,
    fan_in: u64,
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
        let reduce = reduce_agent(model, reduce)?;
        Ok(Self::new(Arc::new(map), Arc::new(reduce)))
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
        let reduce = custom_reduce_agent(model, reduce.0, reduce.1);
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
        Self {
            map,
            reduce,
            reduce_tokens: Self::DEFAULT_REDUCE_TOKENS,
            fan_in: FAN_IN,
        }
    }

    /// Sets how many tokens of answers one reduce call may combine, by
    /// [`estimate_tokens`](crate::estimate_tokens).
    #[must_use]
    pub fn reduce_tokens(mut self, tokens: u64) -> Self {
        self.reduce_tokens = tokens;
        self
    }

    /// Sets how many answers a reduce call combines on average, where they don't all fit in one
    /// call: at least 2; 8 if it isn't set. No call combines more than twice as many.
    #[must_use]
    pub fn fan_in(mut self, mean: u64) -> Self {
        self.fan_in = mean.max(2);
        self
    }
}

type Item<M, R> = ReduceItem<M, R>;

impl<M, R> MapReduce<M, R>
where
    M: Serialize + Clone + Send + Sync + 'static,
    R: Serialize + Clone + Send + Sync + 'static,
{
    /// Works on the documents as they come and combines the answers.
    ///
    /// The branches of the outcome are the documents, in input order; a failed one is left out of
    /// the combination and named there. Reduce calls are the outcome's steps.
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] if there is no document.
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
        S: Stream<Item = Document> + Send,
    {
        let (mut run, fan_out) = start(&self.map, documents, options).await?;
        let (branches, stop) = run.collect(fan_out).await;
        if let Err(error) = run.verdict(stop) {
            return Ok(run.finish(Err(error), branches));
        }
        let items = branches.iter().filter_map(|branch| {
            branch.value().map(|answer| Item::Mapped {
                id: branch.label.clone(),
                answer: answer.clone(),
            })
        });
        let value = self.reduce_all(items.collect(), &mut run).await;
        Ok(run.finish(value, branches))
    }

    async fn reduce_all(
        &self,
        mut items: Vec<Item<M, R>>,
        run: &mut Run<'_>,
    ) -> Result<R, AggregateError> {
        for level in 0.. {
            if matches!(items[..], [Item::Reduced { .. }])
                && let Some(Item::Reduced { answer, .. }) = items.pop()
            {
                return Ok(answer);
            }
            let leaves: Vec<Leaf> = items.iter().map(leaf).collect();
            let groups = group(&leaves, level, self.reduce_tokens, self.fan_in)
                .ok_or_else(|| AggregateError::new(AggregateErrorKind::DoesNotFit))?;
            let is_last = groups.len() == 1;
            let mut rest = items.into_iter();
            let groups: Vec<Vec<_>> = groups
                .iter()
                .map(|group| rest.by_ref().take(group.len()).collect())
                .collect();
            items = self.reduce_level(groups, level, is_last, run).await?;
        }
        Err(AggregateError::new(AggregateErrorKind::DoesNotFit))
    }

    /// Combines each group of several items; a lone item passes up as it is, unless it is the last.
    async fn reduce_level(
        &self,
        groups: Vec<Vec<Item<M, R>>>,
        level: usize,
        is_last: bool,
        run: &mut Run<'_>,
    ) -> Result<Vec<Item<M, R>>, AggregateError> {
        let mut next: Vec<Option<Item<M, R>>> = Vec::new();
        let mut tasks = Vec::new();
        for (place, mut items) in groups.into_iter().enumerate() {
            next.push(None);
            if items.len() == 1 && !is_last {
                next[place] = items.pop();
            } else {
                tasks.push((place, ReduceTask { items, level }));
            }
        }
        let reduce = &self.reduce;
        let places: Vec<(usize, String, String)> = tasks.iter().map(placed).collect();
        let inputs = tasks.into_iter().map(|(_, task)| (task.name(), task));
        let fan_out = FanOut::new(stream::iter(inputs), run.options, |task, origin| {
            Box::pin(async move { reduce.run(&task, origin).await })
        })
        .role(StepRole::Reduce);
        let mut fan_out = fan_out.first(run.next_id());
        let first = fan_out.next_id().0;
        let mut is_whole = true;
        while let Some(branch) = fan_out.next().await {
            let number = usize::try_from(branch.id.0 - first).unwrap_or_default();
            let (place, first, last) = places[number].clone();
            match run.take_step(branch) {
                Some(answer) => {
                    next[place] = Some(Item::Reduced {
                        first,
                        last,
                        answer,
                    })
                }
                None => is_whole = false,
            }
        }
        if !is_whole {
            return Err(run.step_error());
        }
        Ok(next.into_iter().flatten().collect())
    }
}

/// Works on the documents without combining them, handing each branch to `each` in input order as
/// soon as it can: batch extraction. Any number of documents needs constant memory.
///
/// The outcome has the sums; its list of branches is empty.
///
/// # Errors
///
/// Returns a [`RunError`] if there is no document.
///
/// # Cancellation
///
/// Dropping the future ends all calls under way.
pub async fn map_documents<M, S>(
    map: &Arc<dyn Agent<Document, M>>,
    documents: S,
    options: &RunOptions,
    mut each: impl FnMut(Branch<M>),
) -> Result<Outcome<(), M>, RunError>
where
    M: Send + Sync + 'static,
    S: Stream<Item = Document> + Send,
{
    let (mut run, fan_out) = start(map, documents, options).await?;
    let mut fan_out = fan_out.order(Order::Input);
    while let Some(branch) = fan_out.next().await {
        run.account(&branch);
        each(branch);
    }
    let value = run.verdict(fan_out.stopped());
    Ok(run.finish(value, Vec::new()))
}

/// Begins a run on at least one document.
async fn start<'a, M: Send + Sync + 'static, S: Stream<Item = Document> + Send + 'a>(
    map: &'a Arc<dyn Agent<Document, M>>,
    documents: S,
    options: &'a RunOptions,
) -> Result<
    (
        Run<'a>,
        FanOut<'a, Document, M, impl Stream<Item = (String, Document)> + 'a>,
    ),
    RunError,
> {
    let mut documents = Box::pin(documents.peekable());
    if documents.as_mut().peek().await.is_none() {
        return Err(RunError::NoInput("there is no document"));
    }
    let total = match documents.size_hint() {
        (least, Some(most)) if least == most => Some(most as u64),
        _ => None,
    };
    let run = Run::start(options, Pattern::MapReduce, total);
    let inputs = documents.map(|document| (document.id.clone(), document));
    let fan_out = FanOut::new(inputs, options, move |document, origin| {
        Box::pin(async move { map.run(&document, origin).await })
    });
    Ok((run, fan_out.role(StepRole::Map)))
}

/// Returns where in its level a task's answer belongs, and the range of documents it covers.
fn placed<M, R>((place, task): &(usize, ReduceTask<M, R>)) -> (usize, String, String) {
    let first = task.items.first().map_or("", Item::first);
    let last = task.items.last().map_or("", Item::last);
    (*place, first.to_owned(), last.to_owned())
}

fn leaf<M: Serialize, R: Serialize>(item: &Item<M, R>) -> Leaf {
    Leaf {
        identity: identity(item.last()),
        // The fence and the id around an item cost a few tokens too.
        size: estimate_tokens(&item.to_json()) + 16,
    }
}

impl<M, R> fmt::Debug for MapReduce<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapReduce")
            .field("reduce_tokens", &self.reduce_tokens)
            .finish_non_exhaustive()
    }
}
