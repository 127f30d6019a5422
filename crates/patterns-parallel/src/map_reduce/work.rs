//! What the branches of a map-reduce run work on, and what they make.

use std::sync::Arc;

use patterns_core::{Agent, AgentError, Answer, Document, Origin, TokenCounter};
use serde::Serialize;

use super::intake::{Intake, Mapped, Piece};
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

impl<M, R> Task<M, R> {
    pub(super) async fn carry_out(
        self,
        (map, intake): (&dyn Agent<Document, M>, &Intake),
        reduce: &Reducers<M, R>,
        origin: Origin,
    ) -> Result<Answer<Made<M, R>>, AgentError> {
        match self {
            Self::Map(piece) => Ok(intake.map(piece, map, origin).await?.map(Made::Mapped)),
            Self::Reduce(task) => {
                let agent = reduce.of(&task);
                Ok(agent.run(&task, origin).await?.map(Made::Reduced))
            }
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
