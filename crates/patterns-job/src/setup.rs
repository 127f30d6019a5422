//! What a job is run with: models, settings, and who is told what happens; and what it is planned with.

use std::fmt;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use patterns_core::{BranchId, Caps, EventSink, RunId, Sampling, Steering};
use patterns_llm::{Prices, Tier};
use patterns_parallel::{AgentOptions, FailurePolicy, RunOptions};
use patterns_store::Store;
use tokio_util::sync::CancellationToken;

use crate::job::{Job, MaxFailures, RunPart};
use crate::models::Models;

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
            on_failure: match self.settings.part.max_failures {
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

/// How a run is carried out, whatever its pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Names the run.
    pub run: RunId,
    /// The branch whose work it is, if it is a part of another run.
    pub within: Option<BranchId>,
    /// How it is carried out, as the job says.
    pub part: RunPart,
    /// The most that may be spent.
    pub caps: Caps,
    /// What models cost: those that are known, unless whoever runs the job knows more.
    pub prices: Prices,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// How urgently answers are wanted.
    pub tier: Tier,
    /// What all agents are told on top of the pattern's own instructions.
    pub instructions: Option<String>,
    /// What is changed of the run while it is under way.
    pub steering: Steering,
}

impl Settings {
    /// The most branches in flight at once where the user says nothing.
    pub const AUTO_CONCURRENCY: NonZeroUsize = NonZeroUsize::new(256).expect("it is not zero");

    /// The time for one attempt of a call where the user says nothing.
    pub const TIMEOUT: Duration = Duration::from_secs(120);

    /// The same where answers are not urgent: what OpenAI advises.
    pub const FLEX_TIMEOUT: Duration = Duration::from_secs(900);

    /// Reads them from a job. The run is named by its seed, else by `now`.
    pub fn of(job: &Job, now: u64) -> Self {
        let (run, spend, model) = (job.run_part(), job.spend(), job.model());
        Self {
            run: RunId(run.seed.map_or(now, u64::from)),
            within: None,
            caps: Caps {
                max_calls: spend.max_calls.map(Into::into),
                max_tokens: spend.max_tokens.map(Into::into),
                max_cost: spend.max_cost,
            },
            prices: Prices::known(),
            sampling: Sampling {
                temperature: model.temperature,
                max_output_tokens: model.max_output_tokens.map(Into::into),
                seed: run.seed.map(i64::from),
                effort: model.effort,
                ..Sampling::default()
            },
            tier: model.tier,
            instructions: model.instructions.clone(),
            part: run.clone(),
            steering: Steering::default(),
        }
    }

    /// Returns the time for one attempt of a call.
    pub fn timeout(&self) -> Duration {
        let usual = match self.tier {
            Tier::Standard => Self::TIMEOUT,
            Tier::Flex => Self::FLEX_TIMEOUT,
        };
        self.part.timeout.as_deref().map_or(usual, |it| it.0)
    }

    /// Returns the time for the whole run, if it has an end.
    pub fn max_time(&self) -> Option<Duration> {
        self.part.max_time.as_deref().map(|it| it.0)
    }

    /// Returns the most branches in flight at once. Second tries need slots that nobody else has.
    pub fn branches(&self) -> NonZeroUsize {
        let calls = self.part.concurrency.unwrap_or(Self::AUTO_CONCURRENCY);
        let spare = if self.part.hedge { calls.get() / 20 } else { 0 };
        NonZeroUsize::new(calls.get() - spare).unwrap_or(calls)
    }
}

/// Writes an answer of a shape, given as JSON Schema, by a seed; `None` if it cannot. What it says is no
/// matter. `patterns_simulator::Instances` does that.
pub type Draft = dyn Fn(&str, u64) -> Option<String> + Send + Sync;

/// What a job is planned with. Its models are asked for their names only.
#[derive(Clone)]
pub struct PlanSetup {
    /// What the job would be run with.
    pub setup: Setup,
    /// Where answers are that need not be paid for again, and what is known of models.
    pub store: Option<Store>,
    /// Writes answers in place of models.
    pub draft: Arc<Draft>,
    /// Requests a minute that are allowed, as far as that is known.
    pub requests_per_minute: Option<NonZeroU64>,
    /// Tokens a minute that are allowed, as far as that is known.
    pub tokens_per_minute: Option<NonZeroU64>,
}

impl fmt::Debug for PlanSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanSetup")
            .field("setup", &self.setup)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
