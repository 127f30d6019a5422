//! What happened in a run: one closed enum that every reporter reads.
//!
//! Events have neither time nor call number, which keeps this crate free of clocks and event logs comparable.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    AgentErrorKind, AnswerFormat, Counts, Fix, ModelErrorKind, Origin, Pattern, RunId, StepRole,
    Usage, Violation, Warning,
};

/// Something that happened, in the past tense.
///
/// Match it without `_`, so that the compiler names every reader of a new variant. Events carry no
/// time: a sink that needs one stamps them as they arrive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run began.
    RunStarted {
        /// The run.
        run: RunId,
        /// What it executes.
        pattern: Pattern,
        /// How many branches it fans out into, if that is known beforehand.
        branches: Option<u64>,
    },
    /// A branch got its place and began.
    BranchStarted {
        /// The branch.
        origin: Origin,
        /// What it is for.
        role: StepRole,
        /// Its name: a section, a voter, a document. Hostile text if the user's input is.
        label: String,
    },
    /// The answer to a call was found in the store and not paid for again.
    AnswerReused {
        /// The branch of the call.
        origin: Origin,
    },
    /// An attempt of a call was let go: it is sent as soon as the budget has room for it.
    AttemptSent {
        /// The branch of the call.
        origin: Origin,
        /// What it has waited for.
        #[serde(default, skip_serializing_if = "Waits::is_none")]
        waited: Waits,
    },
    /// A streamed answer began to come.
    AnswerBegan {
        /// The branch of the call.
        origin: Origin,
        /// How long after the attempt was sent its first token came.
        after: Duration,
    },
    /// An attempt that was sent has ended, well or not.
    AttemptEnded {
        /// The branch of the call.
        origin: Origin,
        /// How long it took, from the first byte sent to the last one read.
        took: Duration,
        /// Why it failed, as an error says it; nothing if it was answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// An attempt of a call failed and another one follows.
    AttemptFailed {
        /// The branch of the call.
        origin: Origin,
        /// Which attempt of the call, from 1.
        attempt: u32,
        /// Why.
        kind: ModelErrorKind,
        /// How long until the next attempt.
        retry_in: Duration,
    },
    /// A call took so long that it was sent a second time; the first answer is taken.
    CallHedged {
        /// The branch of the call.
        origin: Origin,
        /// How long the first try had taken.
        after: Duration,
    },
    /// Calls to a provider are held back for a while; nothing is lost.
    CallsPaused {
        /// The branch of the call that is next.
        origin: Origin,
        /// The model's name.
        model: String,
        /// Why.
        reason: PauseReason,
        /// What went wrong last, as an error says it.
        #[serde(default)]
        cause: String,
        /// How long at most until the next call is sent.
        wait: Duration,
        /// How long at most that goes on before calls are given up, if that is known.
        gives_up_in: Option<Duration>,
    },
    /// The provider did not know an answer format, so a weaker one is used from now on.
    FormatSteppedDown {
        /// The branch of the call.
        origin: Origin,
        /// The model's name.
        model: String,
        /// What was tried.
        from: AnswerFormat,
        /// What is used now.
        to: AnswerFormat,
    },
    /// An answer had small damage that was mended here, without asking again.
    AnswerFixed {
        /// The branch of the call.
        origin: Origin,
        /// What was mended.
        fixes: Vec<Fix>,
    },
    /// An answer broke its contract.
    AnswerRejected {
        /// The branch of the call.
        origin: Origin,
        /// Which answer of the branch, from 1.
        answer: u32,
        /// What was wrong.
        violations: Vec<Violation>,
        /// Whether the model is asked again.
        will_reask: bool,
    },
    /// A model gave no answer that keeps the contract, and another one was asked instead.
    FallbackAsked {
        /// The branch of the call.
        origin: Origin,
        /// The name of the model that was asked instead.
        model: String,
        /// Whether its answer keeps the contract.
        is_answered: bool,
    },
    /// A branch ended with a value.
    BranchAnswered {
        /// The branch.
        origin: Origin,
        /// What it used.
        usage: Usage,
    },
    /// A branch ended without a value.
    BranchFailed {
        /// The branch.
        origin: Origin,
        /// Why.
        kind: AgentErrorKind,
        /// What it used all the same.
        usage: Usage,
    },
    /// A branch was ended before it had a value, because the run no longer needed or wanted it.
    BranchCancelled {
        /// The branch.
        origin: Origin,
        /// What it used all the same, as far as that is known.
        usage: Usage,
    },
    /// The run noticed something that its user should know.
    WarningRaised {
        /// The run.
        run: RunId,
        /// What.
        warning: Warning,
    },
    /// A run ended.
    RunFinished {
        /// The run.
        run: RunId,
        /// How its branches ended.
        counts: Counts,
        /// What it used.
        usage: Usage,
    },
}

/// Returns where an event happened, to look at or to change; nothing, if it is about the run.
macro_rules! origin_of {
    ($event:expr) => {
        match $event {
            Self::BranchStarted { origin, .. }
            | Self::BranchAnswered { origin, .. }
            | Self::BranchFailed { origin, .. }
            | Self::BranchCancelled { origin, .. }
            | Self::AnswerReused { origin }
            | Self::AttemptSent { origin, .. }
            | Self::AnswerBegan { origin, .. }
            | Self::AttemptEnded { origin, .. }
            | Self::AttemptFailed { origin, .. }
            | Self::CallHedged { origin, .. }
            | Self::CallsPaused { origin, .. }
            | Self::FormatSteppedDown { origin, .. }
            | Self::AnswerFixed { origin, .. }
            | Self::AnswerRejected { origin, .. }
            | Self::FallbackAsked { origin, .. } => Some(origin),
            Self::RunStarted { .. } | Self::WarningRaised { .. } | Self::RunFinished { .. } => None,
        }
    };
}

impl Event {
    /// Returns its short stable name, the same as in its written form.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run_started",
            Self::BranchStarted { .. } => "branch_started",
            Self::AnswerReused { .. } => "answer_reused",
            Self::AttemptSent { .. } => "attempt_sent",
            Self::AnswerBegan { .. } => "answer_began",
            Self::AttemptEnded { .. } => "attempt_ended",
            Self::AttemptFailed { .. } => "attempt_failed",
            Self::CallHedged { .. } => "call_hedged",
            Self::CallsPaused { .. } => "calls_paused",
            Self::FormatSteppedDown { .. } => "format_stepped_down",
            Self::AnswerFixed { .. } => "answer_fixed",
            Self::AnswerRejected { .. } => "answer_rejected",
            Self::FallbackAsked { .. } => "fallback_asked",
            Self::BranchAnswered { .. } => "branch_answered",
            Self::BranchFailed { .. } => "branch_failed",
            Self::BranchCancelled { .. } => "branch_cancelled",
            Self::WarningRaised { .. } => "warning_raised",
            Self::RunFinished { .. } => "run_finished",
        }
    }

    /// Returns it as it is told of the outermost branch that it is about; `None` if it tells of the beginning or
    /// the end of a branch of a run within that one. So whoever counts branches counts none twice.
    pub fn outermost(mut self) -> Option<Self> {
        let is_edge = matches!(
            self,
            Self::BranchStarted { .. }
                | Self::BranchAnswered { .. }
                | Self::BranchFailed { .. }
                | Self::BranchCancelled { .. }
        );
        if is_edge && self.is_nested() {
            return None;
        }
        if let Some(origin) = origin_of!(&mut self) {
            origin.branch = origin.branch.outermost();
        }
        Some(self)
    }

    /// Returns whether it is about a branch of a run within a branch.
    pub fn is_nested(&self) -> bool {
        origin_of!(self).is_some_and(|it| it.branch.is_nested())
    }
}

/// How long an attempt has waited before it was sent, by what it was that it waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waits {
    /// For one of the calls in flight to end.
    pub slot: Duration,
    /// For a rate limit.
    pub rate: Duration,
    /// For the provider, which was down or had asked to wait.
    pub paused: Duration,
}

impl Waits {
    /// Returns whether it has waited for nothing.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Returns all of it.
    pub fn total(&self) -> Duration {
        self.slot + self.rate + self.paused
    }
}

/// Why calls are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// The provider asked to wait.
    Asked,
    /// The provider is down; a call is sent now and then to see whether it is back.
    Outage,
    /// The provider throws calls back for coming too fast, and none was answered meanwhile.
    Throttled,
}

/// Takes events as they happen.
///
/// It is called in the middle of the work, so it must return at once: count, send, or buffer.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);
}

/// Drops every event.
impl EventSink for () {
    fn emit(&self, _: Event) {}
}

impl<S: EventSink + ?Sized> EventSink for Arc<S> {
    fn emit(&self, event: Event) {
        (**self).emit(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_the_written_form() {
        let (origin, usage) = (Origin::default(), Usage::default());
        let after = Duration::ZERO;
        for event in [
            Event::AnswerReused { origin },
            Event::CallHedged { origin, after },
            Event::BranchAnswered { origin, usage },
            Event::BranchCancelled { origin, usage },
        ] {
            let written = serde_json::to_value(&event).unwrap();
            assert_eq!(written["event"], event.name());
        }
    }
}
