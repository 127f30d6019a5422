//! What the branches of elections work on, and what they make.

use std::sync::Arc;

use patterns_core::{Branch, BranchEnd};

use super::judge::{JudgeTask, Judgement};
use super::question::Question;

/// What a branch works on.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// Asks a voter, by its number.
    Ballot(usize, Arc<Question>),
    /// Asks the judge.
    Judge(JudgeTask),
    /// Asks the stronger voter.
    Escalate(Arc<Question>),
}

/// What a branch makes.
#[derive(Debug)]
pub(super) enum Done<V> {
    Ballot(V),
    Judgement(Judgement),
}

/// Narrows a branch to the ballot that it has made.
pub(super) fn ballot<V>(branch: Branch<Done<V>>) -> Branch<V> {
    Branch {
        id: branch.id,
        role: branch.role,
        label: branch.label,
        usage: branch.usage,
        end: match branch.end {
            BranchEnd::Answered(Done::Ballot(ballot)) => BranchEnd::Answered(ballot),
            BranchEnd::Failed(error) => BranchEnd::Failed(error),
            BranchEnd::Answered(Done::Judgement(_)) | BranchEnd::Cancelled => BranchEnd::Cancelled,
        },
    }
}

/// Names a step; single elections have no id.
pub(super) fn step_label(id: &str, what: &str) -> String {
    if id.is_empty() {
        what.to_owned()
    } else {
        format!("{id}/{what}")
    }
}
