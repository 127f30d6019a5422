//! How a run is carried out, whatever its pattern.

use std::num::NonZeroUsize;
use std::time::Duration;

use patterns_core::{BranchId, Caps, RunId, Sampling, Steering};
use patterns_llm::Prices;

use crate::job::{Job, MaxFailures, RunPart, Stream, Tier};

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

    /// Returns when answers are streamed.
    pub fn stream(&self) -> Stream {
        self.part.stream
    }

    /// Returns what a failed branch means for the others.
    pub fn max_failures(&self) -> MaxFailures {
        self.part.max_failures
    }

    /// Returns the most branches in flight at once. Second tries need slots that nobody else has.
    pub fn branches(&self) -> NonZeroUsize {
        let calls = self.part.concurrency.unwrap_or(Self::AUTO_CONCURRENCY);
        let spare = if self.part.hedge { calls.get() / 20 } else { 0 };
        NonZeroUsize::new(calls.get() - spare).unwrap_or(calls)
    }
}
