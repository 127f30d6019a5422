//! Map-reduce: who reads the documents, how they are cut, and how the answers are reduced.

use std::fmt;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::TryFutureExt;
use patterns_core::{Agent, Document, Model, Scope, Split};

use super::combine::Combine;
use super::halves::ask_in_halves;
use super::machine::MapReduceMachine;
use super::pieces::{MapInput, Pieces};
use super::reduce::{Fold, MapDone, MapWork, Reduce};
use super::summaries::{DocumentSummary, Reduction, summary_agent};
use crate::fan_out::{FanOut, Work};
use crate::{AgentOptions, RunOptions, Running};

/// Works on every document in parallel and reduces the answers to one result.
///
/// `M` is what the map agent answers, `R` what [`Reduce`] makes of many.
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
/// let map_reduce = MapReduce::with_model(model, &AgentOptions::default());
/// let outcome = map_reduce.run(stream::iter(documents), &RunOptions::default()).await?;
/// let reduction = outcome.value?;
/// assert_eq!((reduction.total_documents, reduction.total_words), (2, 6));
/// # Ok(()) }
/// ```
pub struct MapReduce<M, R> {
    map: Arc<dyn Agent<Document, M>>,
    reduce: Reduce<M, R>,
    splitter: Option<Arc<dyn Split>>,
}

impl MapReduce<DocumentSummary, Reduction> {
    /// Summarises each document and combines the summaries, all on one model.
    pub fn with_model(model: Arc<dyn Model>, options: &AgentOptions) -> Self {
        let map = summary_agent(Arc::clone(&model), options);
        Self::new(map, Combine::summaries(model, options))
    }
}

impl<M: 'static> MapReduce<M, ()> {
    /// Makes the pattern whose answers are the result, one row for each document or part of one: batch
    /// extraction.
    pub fn rows(map: impl Agent<Document, M> + 'static) -> Self {
        Self::fold(map, (), |(), _, _| ())
    }
}

impl<M, R> MapReduce<M, R> {
    /// Makes the pattern of an agent that reads a document and what its answers are reduced to.
    pub fn new(map: impl Agent<Document, M> + 'static, reduce: impl Into<Reduce<M, R>>) -> Self {
        Self {
            map: Arc::new(map),
            reduce: reduce.into(),
            splitter: None,
        }
    }

    /// Makes the pattern whose answers go to a function of yours one after the other, in input order. It
    /// begins with `initial`, and is given the name of each document, or of the part of one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use futures_util::stream;
    /// use patterns_core::Document;
    /// use patterns_parallel::{MapReduce, RunOptions};
    /// use patterns_testkit::ScriptedAgent;
    ///
    /// let length = ScriptedAgent::new(|it: &Document| Ok(it.text.len()));
    /// let map_reduce = MapReduce::fold(length, 0, |longest, _name, length| *longest = *length.max(longest));
    /// let documents = ["a word", "two", "more"].map(|it| Document::new(it, it));
    /// let outcome = map_reduce.run(stream::iter(documents), &RunOptions::default()).await?;
    /// assert_eq!(outcome.value?, 6);
    /// # Ok(()) }
    /// ```
    pub fn fold<F>(map: impl Agent<Document, M> + 'static, initial: R, add: F) -> Self
    where
        M: 'static,
        R: Clone + Send + Sync + 'static,
        F: Fn(&mut R, &str, &M) + Clone + Send + Sync + 'static,
    {
        let begin = move || {
            let (value, add) = (initial.clone(), add.clone());
            Ok(Fold { value, add })
        };
        Self::new(map, Reduce::of(begin))
    }

    /// Cuts documents that are too long for one call. Each chunk is a branch of its own, with the
    /// [name](patterns_core::Chunk::id) of its document and a number; in what has nothing in it there is no
    /// chunk. What the model calls too long, chunk or document, is asked about in parts.
    ///
    /// [`Outcome::coverage`](patterns_core::Outcome::coverage) says what became of all of them.
    #[must_use]
    pub fn split(mut self, splitter: impl Split + 'static) -> Self {
        self.splitter = Some(Arc::new(splitter));
        self
    }
}

impl<M, R> MapReduce<M, R>
where
    M: Send + Sync + 'static,
    R: Send + 'static,
{
    /// Works on the documents as they come and reduces the answers.
    ///
    /// The branches are the documents or their chunks, in input order; a failed one is left out of the
    /// result and named there. One that was asked about in parts is there as several answers of one
    /// branch. Calls that reduce are the outcome's steps; of a run that is streamed, those of a
    /// combination are there only if they failed.
    ///
    /// [Streamed](Running), any number of documents needs constant memory: it holds those under way,
    /// those that wait for a slow one before them, and what the reduction holds.
    ///
    /// # Errors
    ///
    /// The run ends with a [`RunError`](crate::RunError) if there is no document, or if the reduction
    /// is not set up right.
    pub fn run<'r, S>(&'r self, documents: S, options: &'r RunOptions) -> Running<'r, R, M>
    where
        S: Stream<Item: Into<MapInput>> + Send + 'r,
    {
        Running::new(async move {
            let reducing = self.reduce.begin()?;
            let splitter = self.splitter.clone();
            let pieces = Pieces::open(documents, splitter, self.reduce.is_by_agent).await?;
            let machine = MapReduceMachine::new(options, pieces, reducing);
            Ok(FanOut::new(machine, options, |work, scope| {
                self.carry_out(work, scope)
            }))
        })
    }

    fn carry_out(&self, work: MapWork<M, R>, scope: Scope) -> Work<'_, MapDone<M, R>> {
        match work {
            MapWork::Map(piece) => {
                let splitter = self.splitter.as_deref();
                let asked = ask_in_halves(&*self.map, splitter, piece, scope);
                Box::pin(asked.map_ok(|answer| answer.map(MapDone::Mapped)))
            }
            MapWork::Step(step) => step(scope),
        }
    }
}

impl<M, R> fmt::Debug for MapReduce<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapReduce")
            .field("splits", &self.splitter.is_some())
            .finish_non_exhaustive()
    }
}
