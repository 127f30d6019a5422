//! Names what the branches of elections work on, and what they make.

use std::sync::Arc;

use patterns_core::{Branch, BranchEnd};

use crate::voting::judge::{JudgeTask, Judgement};
use crate::voting::question::Question;

/// What a branch works on.
#[derive(Clone, Debug)]
pub(in crate::voting) enum Work {
    /// Asks a voter, by its number.
    Ballot(usize, Arc<Question>),
    /// Asks the judge.
    Judge(JudgeTask),
    /// Asks the stronger voter.
    Escalate(Arc<Question>),
}

/// What a branch makes.
#[derive(Debug)]
pub(in crate::voting) enum Done<V> {
    Ballot(V),
    Judgement(Judgement),
}

/// Narrows a branch to the ballot that it has made.
pub(in crate::voting) fn ballot<V>(branch: Branch<Done<V>>) -> Branch<V> {
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
        columns: branch.columns,
    }
}

/// Names a step; single elections have no id.
pub(in crate::voting) fn step_label(id: &str, what: &str) -> String {
    if id.is_empty() {
        what.to_owned()
    } else {
        format!("{id}/{what}")
    }
}
