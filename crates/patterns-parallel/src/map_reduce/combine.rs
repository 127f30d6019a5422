//! Combines answers by an agent, as soon as those are there that belong together.
//!
//! Which answers these are is the [`Topology`]'s to say, which looks at what waits and forms groups. There are
//! no levels in time: a group is combined as soon as its own parts are there.

use std::fmt;
use std::sync::Arc;

use patterns_core::{Agent, AgentError, Answer, Coverage, Scope, TokenCounter, Usage};
use serde::Serialize;

use super::combining::Combining;
use super::halves::parts_of;
use super::reduce::Reduce;
use super::reduce_prompt::{ReduceItem, ReduceTask};
use super::topology::{FanIn, Topology};
use crate::RunError;

/// Combines the answers by an agent.
///
/// A few answers that fit the token budget are combined in one call; more of them in a tree, in
/// document order. A combination is made as soon as its own parts are there, whatever else is under
/// way, and which answers are its parts depends on the names of the documents, not on the order of the
/// answers. A change of one document changes only the combinations above it; see [`Topology`].
///
/// Numbers and names of the result that are in no document are warned of.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use futures_util::stream;
/// use patterns_core::Document;
/// use patterns_parallel::RunOptions;
/// use patterns_parallel::map_reduce::{Combine, MapReduce, ReduceTask, Topology};
/// use patterns_testkit::ScriptedAgent;
///
/// let map = ScriptedAgent::new(|it: &Document| Ok(it.text.to_uppercase()));
/// let editor = ScriptedAgent::new(|task: &ReduceTask<String, String>| Ok(task.name()));
/// let refine = Combine::by(editor).topology(Topology::Refine);
/// let documents = stream::iter(["a", "b", "c"].map(|it| Document::new(it, "some words")));
/// let map_reduce = MapReduce::new(map, refine);
/// let outcome = map_reduce.run(documents, &RunOptions::default()).await?;
/// assert_eq!(outcome.value?, "a … c");
/// assert_eq!(outcome.steps.len(), 2);
/// # Ok(()) }
/// ```
pub struct Combine<M, R> {
    agent: Arc<dyn Agent<ReduceTask<M, R>, R>>,
    tokens: u64,
    pub(super) topology: Topology,
    fan_in: Option<u32>,
    pub(super) counter: TokenCounter,
    /// Makes a result of an answer that is alone.
    pub(super) alone: Option<fn(&M) -> R>,
    /// Puts what is known of the documents into the result.
    pub(super) complete: Option<fn(&mut R, &Coverage)>,
}

impl<M, R> Combine<M, R> {
    /// The token budget of a call where none is set.
    pub const DEFAULT_TOKENS: u64 = 24_000;

    /// Lets an agent combine.
    pub fn by(agent: impl Agent<ReduceTask<M, R>, R> + 'static) -> Self {
        Self {
            agent: Arc::new(agent),
            tokens: Self::DEFAULT_TOKENS,
            topology: Topology::default(),
            fan_in: None,
            counter: TokenCounter::default(),
            alone: None,
            complete: None,
        }
    }

    /// Sets which answers are combined, and when; [`Topology::Tree`] if not set.
    #[must_use]
    pub fn topology(mut self, topology: Topology) -> Self {
        self.topology = topology;
        self
    }

    /// Sets how many answers one call combines on average; at most, it is twice as many. The least is
    /// 2. If it isn't set, it is 8 where not all answers fit in one call, and 2 for
    /// [`Topology::Refine`]: the next answer and the combination so far.
    #[must_use]
    pub fn fan_in(mut self, mean: u32) -> Self {
        self.fan_in = Some(mean);
        self
    }

    /// Sets how many tokens of answers one call may combine.
    #[must_use]
    pub fn tokens(mut self, tokens: u64) -> Self {
        self.tokens = tokens;
        self
    }

    /// Sets who counts the tokens of answers.
    #[must_use]
    pub fn counted_by(mut self, counter: TokenCounter) -> Self {
        self.counter = counter;
        self
    }

    /// Takes an answer that is alone for the result, made into one by this function, instead of asking
    /// the agent to combine one thing.
    #[must_use]
    pub fn alone(mut self, make: fn(&M) -> R) -> Self {
        self.alone = Some(make);
        self
    }
}

impl<M, R> From<Combine<M, R>> for Reduce<M, R>
where
    M: Serialize + Clone + Send + Sync + 'static,
    R: Serialize + Send + Sync + 'static,
{
    fn from(combine: Combine<M, R>) -> Self {
        let combine = Arc::new(combine);
        let mut reduce = Self::of(move || {
            let fan_in = combine.fan_in.map(|mean| FanIn::new(mean).ok_or(NO_FAN_IN));
            let waiting = combine.topology.begin(combine.tokens, fan_in.transpose()?);
            Ok(Combining::new(Arc::clone(&combine), waiting))
        });
        reduce.is_by_agent = true;
        reduce
    }
}

const NO_FAN_IN: RunError = RunError::InvalidSetup("a fan-in is at least 2");

impl<M: Send + Sync, R: Send + Sync> Combine<M, R> {
    /// Combines answers. If they are too long for the model, groups of them are combined first, and
    /// then what these came to; so a paid answer is never lost for the length of another.
    ///
    /// All of it is one branch: the tree has its shape before anybody is asked.
    pub(super) async fn combine(
        &self,
        mut task: ReduceTask<M, R>,
        scope: Scope,
    ) -> Result<Answer<R>, AgentError> {
        let mut spent = Usage::default();
        loop {
            let level = task.level;
            let mut left = vec![task.items];
            let mut combined = Vec::new();
            while let Some(mut items) = left.pop() {
                let is_all = left.is_empty() && combined.is_empty();
                if items.len() == 1 && !is_all {
                    combined.append(&mut items);
                    continue;
                }
                let mut part = ReduceTask { items, level };
                let error = match self.agent.run(&part, scope.clone()).await {
                    Ok(mut answer) => {
                        answer.usage += spent;
                        if is_all {
                            return Ok(answer);
                        }
                        spent = answer.usage;
                        combined.push(ReduceItem::reduced(part.ends(), answer.value));
                        continue;
                    }
                    Err(error) => error,
                };
                let groups = parts_of(&error).and_then(|it| groups(part.items.len(), it));
                let Some(groups) = groups else {
                    return Err(error.after(spent));
                };
                spent += error.usage();
                let sizes = groups.into_iter().rev();
                left.extend(sizes.map(|it| part.items.split_off(part.items.len() - it)));
            }
            let (items, level) = (combined, level + 1);
            task = ReduceTask { items, level };
        }
    }
}

/// Returns how many of so many items go into each group, evenly; `None` if there would be no fewer
/// groups than items.
fn groups(items: usize, wanted: u64) -> Option<Vec<usize>> {
    if items < 3 {
        return None;
    }
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let count = wanted.clamp(2, items.div_ceil(2));
    let size = |n: usize| items * (n + 1) / count - items * n / count;
    Some((0..count).map(size).collect())
}

impl<M, R> fmt::Debug for Combine<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Combine")
            .field("tokens", &self.tokens)
            .field("topology", &self.topology)
            .field("fan_in", &self.fan_in)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_even_and_fewer_than_items() {
        assert_eq!(groups(2, 2), None);
        assert_eq!(groups(3, 9), Some(vec![1, 2]));
        assert_eq!(groups(10, 3), Some(vec![3, 3, 4]));
        assert_eq!(groups(200, 2), Some(vec![100, 100]));
        for items in 3..50 {
            for wanted in 0..70 {
                let groups = groups(items, wanted).unwrap();
                assert_eq!(groups.iter().sum::<usize>(), items);
                assert!(groups.len() < items && !groups.contains(&0));
            }
        }
    }
}
