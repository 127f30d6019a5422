//! Narrows branches from what any kind of work makes to what one kind does.

use patterns_core::{Branch, BranchEnd};

/// Narrows a branch to what its kind of work makes.
pub(crate) fn only<A, B>(branch: Branch<A>, narrow: impl FnOnce(A) -> Option<B>) -> Branch<B> {
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
