//! What the branches of a map-reduce run work on, and what they make.

use patterns_core::{Agent, AgentError, Answer, Branch, BranchEnd, Document, Origin};
use serde::Serialize;

use super::task::{ReduceItem, ReduceTask};
use crate::estimate_tokens;

/// What a branch works on.
pub(super) enum Task<M, R> {
    Map(Document),
    Reduce(ReduceTask<M, R>),
}

/// What a branch makes.
pub(super) enum Made<M, R> {
    Mapped(M),
    Reduced(R),
}

impl<M, R> Task<M, R> {
    pub(super) async fn carry_out(
        self,
        map: &dyn Agent<Document, M>,
        reduce: &dyn Agent<ReduceTask<M, R>, R>,
        origin: Origin,
    ) -> Result<Answer<Made<M, R>>, AgentError> {
        match self {
            Self::Map(document) => Ok(map.run(&document, origin).await?.map(Made::Mapped)),
            Self::Reduce(task) => Ok(reduce.run(&task, origin).await?.map(Made::Reduced)),
        }
    }
}

/// Returns what a document is known by in the tree: a digest of its name. So a changed text changes
/// no shape. Another digest here would be another tree for all recorded runs.
pub(super) fn digest(name: &str) -> [u8; 32] {
    blake3::derive_key("patterns 2026-11-23 reduce tree v1", name.as_bytes())
}

/// Narrows a branch to what its kind of work makes.
pub(super) fn only<A, B>(branch: Branch<A>, narrow: impl FnOnce(A) -> Option<B>) -> Branch<B> {
    let mut value = None;
    let Branch {
        id,
        role,
        label,
        usage,
        end,
    } = branch.map(|made| value = narrow(made));
    let end = match (end, value) {
        (BranchEnd::Answered(()), Some(value)) => BranchEnd::Answered(value),
        (BranchEnd::Failed(error), _) => BranchEnd::Failed(error),
        (BranchEnd::Answered(()) | BranchEnd::Cancelled, _) => BranchEnd::Cancelled,
    };
    Branch {
        id,
        role,
        label,
        usage,
        end,
    }
}

/// Returns how many tokens an item takes in a reduce call.
pub(super) fn size<M: Serialize, R: Serialize>(item: &ReduceItem<M, R>) -> u64 {
    // The fence and the id around an item cost a few tokens too.
    estimate_tokens(&item.to_json()) + 16
}
