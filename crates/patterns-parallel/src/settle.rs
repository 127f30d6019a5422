//! Ends of branches: from a result to an end and a bill, and from what any kind of work makes to what
//! one kind does.

use std::sync::Arc;

use patterns_core::{
    AgentError, AgentErrorKind, Answer, Branch, BranchEnd, Event, ModelErrorKind, Origin, Usage,
};

use crate::RunOptions;

/// How a branch ends whose call was held back when the run was told to end.
const NOT_SENT: AgentErrorKind = AgentErrorKind::Model(ModelErrorKind::NotSent);

/// Turns the result of a branch into its end and bill, and tells so.
pub(crate) fn settle<B>(
    options: &RunOptions,
    origin: Origin,
    result: Result<Answer<B>, AgentError>,
) -> (Usage, BranchEnd<B>) {
    let events = Arc::clone(&options.events);
    match result {
        Ok(answer) => {
            let usage = answer.usage;
            events.emit(Event::BranchAnswered { origin, usage });
            (usage, BranchEnd::Answered(answer.value))
        }
        Err(error) if error.kind() == NOT_SENT => {
            let usage = error.usage();
            events.emit(Event::BranchCancelled { origin, usage });
            (usage, BranchEnd::Cancelled)
        }
        Err(error) => {
            let (kind, usage) = (error.kind(), error.usage());
            events.emit(Event::BranchFailed {
                origin,
                kind,
                usage,
            });
            (usage, BranchEnd::Failed(error))
        }
    }
}

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
