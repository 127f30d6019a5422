//! What the branches of a map-reduce run work on, and what they make.

use std::sync::Arc;

use patterns_core::{Agent, AgentError, Answer, BoxFuture, Document, Origin, TokenCounter, Usage};
use serde::Serialize;

use super::intake::{Intake, Mapped, Piece};
use super::overflow::parts_of;
use super::task::{ReduceItem, ReduceTask};

/// What a branch works on.
pub(super) enum Task<M, R> {
    Map(Piece),
    Reduce(ReduceTask<M, R>),
}

/// What a branch makes.
pub(super) enum Made<M, R> {
    Mapped(Vec<Mapped<M>>),
    Reduced(R),
}

/// Who combines.
pub(super) struct Reducers<M, R> {
    /// Those who combine answers about documents.
    pub(super) leaf: Arc<dyn Agent<ReduceTask<M, R>, R>>,
    /// Those who combine combinations, if others do.
    pub(super) inner: Option<Arc<dyn Agent<ReduceTask<M, R>, R>>>,
}

impl<M, R> Reducers<M, R> {
    fn of(&self, task: &ReduceTask<M, R>) -> &dyn Agent<ReduceTask<M, R>, R> {
        match &self.inner {
            Some(inner) if task.level > 0 => &**inner,
            _ => &*self.leaf,
        }
    }
}

impl<M: Send + Sync, R: Send + Sync> Reducers<M, R> {
    /// Combines answers. If they are too long for the model, groups of them are combined first, and
    /// then what these came to; so a paid answer is never lost for the length of another.
    ///
    /// All of it is one branch, for the same reason as with chunks: the tree has its shape before
    /// anybody is asked.
    fn combine<'a>(
        &'a self,
        task: ReduceTask<M, R>,
        origin: Origin,
    ) -> BoxFuture<'a, Result<Answer<R>, AgentError>> {
        Box::pin(async move {
            let error = match self.of(&task).run(&task, origin).await {
                Err(error) => error,
                answer => return answer,
            };
            let Some(groups) = parts_of(&error).and_then(|it| groups(task.items.len(), it)) else {
                return Err(error);
            };
            let mut spent = error.usage();
            let level = task.level;
            let mut items = task.items.into_iter();
            let mut combined = Vec::new();
            for count in groups {
                let part = ReduceTask {
                    items: items.by_ref().take(count).collect(),
                    level,
                };
                combined.push(self.item(part, origin, &mut spent).await?);
            }
            let task = ReduceTask {
                items: combined,
                level: level + 1,
            };
            let answer = self.combine(task, origin).await;
            let mut answer = answer.map_err(|it| it.after(spent))?;
            answer.usage += spent;
            Ok(answer)
        })
    }

    /// Makes one item of a part of a task; a lone item stays as it is.
    async fn item(
        &self,
        mut part: ReduceTask<M, R>,
        origin: Origin,
        spent: &mut Usage,
    ) -> Result<ReduceItem<M, R>, AgentError> {
        if part.items.len() == 1
            && let Some(item) = part.items.pop()
        {
            return Ok(item);
        }
        let first = part.items.first().map_or("", ReduceItem::first).to_owned();
        let last = part.items.last().map_or("", ReduceItem::last).to_owned();
        let answer = self.combine(part, origin).await;
        let answer = answer.map_err(|it| it.after(*spent))?;
        *spent += answer.usage;
        Ok(ReduceItem::Reduced {
            first,
            last,
            answer: answer.value,
        })
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

impl<M: Send + Sync, R: Send + Sync> Task<M, R> {
    pub(super) async fn carry_out(
        self,
        (map, intake): (&dyn Agent<Document, M>, &Intake),
        reduce: &Reducers<M, R>,
        origin: Origin,
    ) -> Result<Answer<Made<M, R>>, AgentError> {
        match self {
            Self::Map(piece) => Ok(intake.map(piece, map, origin).await?.map(Made::Mapped)),
            Self::Reduce(task) => Ok(reduce.combine(task, origin).await?.map(Made::Reduced)),
        }
    }
}

/// Returns what a document is known by in the tree: a digest of its name. So a changed text changes
/// no shape. Another digest here would be another tree for all recorded runs.
pub(super) fn digest(name: &str) -> [u8; 32] {
    blake3::derive_key("patterns 2026-11-23 reduce tree v1", name.as_bytes())
}

/// Returns how many tokens the items of one place take in a reduce call.
pub(super) fn size<M: Serialize, R: Serialize>(
    items: &[ReduceItem<M, R>],
    counter: &TokenCounter,
) -> u64 {
    // The fence and the id around an item cost a few tokens too.
    let sizes = items
        .iter()
        .map(|it| counter.count(&it.to_json()).saturating_add(16));
    sizes.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::groups;

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
