//! The seam between a pattern and the fan-out: a machine says what is due, and is told what has ended.
//!
//! A machine is the whole state of a pattern under way. It does no I/O, awaits nothing and reads no
//! clock, so it is tested without a runtime; [`FanOut`](crate::fan_out::FanOut) carries out what it
//! says. There is no other way to feed a fan-out.

use std::task::{Context, Poll};

use patterns_core::{Branch, BranchId, StepRole};

/// The pure state of a pattern under way.
pub(crate) trait Machine {
    /// What a branch works on.
    type Work;
    /// What a branch makes.
    type Done;
    /// What a branch is for: it goes with the branch, and comes back with its end.
    type Purpose;

    /// Returns the next work, which is begun at once under this number; `Ready(None)` if there will
    /// be none ever.
    ///
    /// It is asked whenever a place is free: at the beginning, after every end, and when `cx` is
    /// woken. So it may be pending only while a branch is under way, or when a source of its own
    /// wakes it.
    fn due(
        &mut self,
        id: BranchId,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Due<Self::Work, Self::Purpose>>>;

    /// Takes a branch that has ended, and returns the branches under way that nobody needs any more.
    /// These are cancelled, and told of in the same way.
    fn ended(&mut self, purpose: Self::Purpose, branch: Branch<Self::Done>) -> Vec<BranchId>;

    /// Returns how many branches there will be beside the [steps](is_step), if that is known. A share
    /// of failures is a share of these.
    fn total(&self) -> Option<u64> {
        None
    }
}

/// Work that is due.
#[derive(Debug)]
pub(crate) struct Due<W, P> {
    pub(crate) role: StepRole,
    pub(crate) label: String,
    pub(crate) purpose: P,
    pub(crate) work: W,
}

impl<W, P> Due<W, P> {
    pub(crate) fn new(role: StepRole, label: impl Into<String>, purpose: P, work: W) -> Self {
        Self {
            role,
            label: label.into(),
            purpose,
            work,
        }
    }
}

/// Returns whether branches of this role are steps around the fan-out. Failure policies count the
/// others only, but under [`FailFast`](crate::FailurePolicy::FailFast) a failed step ends the run, too.
pub(crate) fn is_step(role: StepRole) -> bool {
    !matches!(role, StepRole::Section | StepRole::Ballot | StepRole::Map)
}
