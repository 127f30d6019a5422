//! What a job is run with: models, settings, and who is told what happens.

use std::fmt;
use std::sync::Arc;

use patterns_core::EventSink;
use patterns_parallel::{AgentOptions, FailurePolicy, RunOptions};
use tokio_util::sync::CancellationToken;

use crate::job::MaxFailures;
use crate::models::Models;
use crate::work::Settings;

/// What a job is run with.
#[derive(Clone)]
pub struct Setup {
    /// Who answers.
    pub models: Models,
    /// How the run is carried out.
    pub settings: Settings,
    /// Who is told what happens.
    pub events: Arc<dyn EventSink>,
    /// Ends what has begun and begins nothing more.
    pub drain: CancellationToken,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("models", &self.models)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Setup {
    /// Returns how the run of a pattern is carried out.
    pub fn run_options(&self) -> RunOptions {
        RunOptions {
            run: self.settings.run,
            within: self.settings.within,
            concurrency: self.settings.branches(),
            on_failure: match self.settings.max_failures() {
                MaxFailures::KeepGoing => FailurePolicy::KeepGoing,
                MaxFailures::FailFast => FailurePolicy::FailFast,
                MaxFailures::Share(share) => FailurePolicy::AtMost(share),
            },
            drain: self.drain.clone(),
            steering: self.settings.steering.clone(),
            events: Arc::clone(&self.events),
        }
    }

    /// Returns the options of agents that are told `more` on top of what all are told.
    pub fn agent_options(&self, more: Option<&str>) -> AgentOptions {
        let parts = [self.settings.instructions.as_deref(), more];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        AgentOptions {
            instructions: (!parts.is_empty()).then(|| parts.join("\n\n")),
            sampling: self.settings.sampling,
            ..AgentOptions::default()
        }
    }
}
