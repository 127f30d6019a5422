//! Map-reduce whose reduce is code: answers are reduced as they arrive, and no model is asked.

use std::fmt;
use std::sync::Arc;

use futures_core::Stream;
use patterns_core::{Agent, AggregateError, Branch, Document, Outcome};
use serde::Serialize;

use super::{KeyPair, KeyedReduce, SameKey, Table, TableBuilder, resolve};
use crate::map_reduce::input::MapInput;
use crate::map_reduce::intake::Intake;
use crate::map_reduce::pattern::start;
use crate::map_reduce::rows::map_each;
use crate::map_reduce::split::Split;
use crate::run::Run;
use crate::{RunError, RunOptions};

/// Works on every document in parallel and reduces the answers by code.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use futures_util::stream;
/// use patterns_core::Document;
/// use patterns_parallel::{CodeMapReduce, KeyedReduce, RunOptions};
/// use patterns_testkit::ScriptedAgent;
/// use serde_json::{Value, json};
///
/// let map = ScriptedAgent::new(|it: &Document| Ok(json!({"level": &it.text[..4]})));
/// let keyed = KeyedReduce::new(["count".parse()?]).group_by("level");
/// let pattern = CodeMapReduce::<Value>::new(Arc::new(map), keyed);
/// let lines = ["WARN low", "INFO up", "WARN hot"].map(|it| Document::new(it, it));
/// let outcome = pattern.run(stream::iter(lines), &RunOptions::default(), |_| {}).await?;
/// assert_eq!(outcome.value?.rows, [[json!("WARN"), json!(2)], [json!("INFO"), json!(1)]]);
/// # Ok(()) }
/// ```
pub struct CodeMapReduce<M> {
    map: Arc<dyn Agent<Document, M>>,
    reduce: KeyedReduce,
    same: Option<Arc<dyn Agent<KeyPair, SameKey>>>,
    splitter: Option<Arc<dyn Split>>,
}

impl<M: Serialize + Send + Sync + 'static> CodeMapReduce<M> {
    /// Makes the pattern of a map agent and what is to be computed from its answers.
    pub fn new(map: Arc<dyn Agent<Document, M>>, reduce: KeyedReduce) -> Self {
        Self {
            map,
            reduce,
            same: None,
            splitter: None,
        }
    }

    /// Cuts documents that are too long for one call, as [`MapReduce::split`](crate::MapReduce::split)
    /// does. Each chunk has an answer of its own, and so has each half of one.
    #[must_use]
    pub fn split(mut self, splitter: Arc<dyn Split>) -> Self {
        self.splitter = Some(splitter);
        self
    }

    /// Asks an agent, after the last document, which keys of the groups mean the same; their
    /// groups are put together. Only pairs are asked about that
    /// [`key_candidates`](crate::key_candidates) finds, 500 at most.
    #[must_use]
    pub fn resolve_keys(mut self, same: Arc<dyn Agent<KeyPair, SameKey>>) -> Self {
        self.same = Some(same);
        self
    }

    /// Works on the documents as they come and hands each one's branch to `each`, in input order
    /// and as soon as it can. The outcome's list of branches is empty; questions about keys are
    /// its steps.
    ///
    /// Of any number of documents it holds only those under way, and what the reductions hold.
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
        mut each: impl FnMut(Branch<M>),
    ) -> Result<Outcome<Table, M>, RunError>
    where
        S: Stream<Item: Into<MapInput>> + Send,
    {
        let intake = Intake::new(self.splitter.clone());
        let (mut run, pieces) = start(documents, options, &intake).await?;
        let mut table = self.reduce.table();
        let mut take = |branch: Branch<M>| {
            if let Some(answer) = branch.value() {
                // What cannot be written as JSON has no fields, which the table will say.
                let answer = serde_json::to_value(answer).unwrap_or_default();
                table.add(&branch.label, &answer);
            }
            each(branch);
        };
        let stop = map_each(&mut run, &self.map, (&intake, pieces), &mut take).await;
        let value = match run.verdict(stop) {
            Ok(()) => self.finish(&mut run, table).await,
            Err(error) => Err(error),
        };
        let mut outcome = run.finish(value, Vec::new());
        outcome.coverage = Some(intake.coverage());
        Ok(outcome)
    }

    async fn finish(
        &self,
        run: &mut Run<'_>,
        mut table: TableBuilder,
    ) -> Result<Table, AggregateError> {
        if let (Some(same), Some(field)) = (&self.same, &self.reduce.group_by) {
            let merges = resolve(run, &field.to_string(), &table.keys(), &**same).await?;
            table.merge_keys(&merges);
        }
        Ok(table.finish())
    }
}

impl<M> fmt::Debug for CodeMapReduce<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeMapReduce")
            .field("reduce", &self.reduce)
            .field("splits", &self.splitter.is_some())
            .finish_non_exhaustive()
    }
}
