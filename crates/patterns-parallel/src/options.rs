//! The knobs that all patterns share: of a run, and of the agents that a model makes.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use patterns_core::{
    BranchId, Contract, Event, EventSink, Model, ModelAgent, Prompt, RunId, Sampling, Scope,
    Steering,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

/// How a run is carried out, whatever its pattern.
#[derive(Clone)]
pub struct RunOptions {
    /// Names the run in its events and outcome.
    pub run: RunId,
    /// The branch whose work this run is, if it is a part of another one; it bears the name of that one then, its
    /// branches are numbered [within](BranchId::first_within) it, and its own begin and end are not told.
    pub within: Option<BranchId>,
    /// The most branches in flight at once.
    pub concurrency: NonZeroUsize,
    /// What a failed branch means for the run.
    pub on_failure: FailurePolicy,
    /// Cancelling it drains the run: nothing new begins, calls that wait to be sent are not sent, what is in
    /// flight ends, and the outcome has what was answered. (Dropping the run's future ends everything at once.)
    pub drain: CancellationToken,
    /// What is changed of the run while it is under way: it is paused, or has another bound.
    pub steering: Steering,
    /// Who is told what happens: to the run and its branches, to answers and to every attempt of a call.
    pub events: Arc<dyn EventSink>,
}

impl RunOptions {
    /// Returns how many branches may be in flight now.
    pub(crate) fn places(&self) -> usize {
        let bound = self.steering.concurrency().unwrap_or(self.concurrency);
        match self.steering.is_paused() {
            true => 0,
            false => bound.get(),
        }
    }

    /// Returns what all calls of the run belong to.
    pub(crate) fn scope(&self) -> Scope {
        let scope = Scope::new(self.run, Arc::clone(&self.events), self.drain.clone());
        scope.steered(self.steering.clone())
    }

    /// Tells of its own begin or end, unless it is a part of another run.
    pub(crate) fn tell_of_run(&self, event: Event) {
        if self.within.is_none() {
            self.events.emit(event);
        }
    }
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            run: RunId::default(),
            within: None,
            concurrency: const { NonZeroUsize::new(16).expect("16 is not zero") },
            on_failure: FailurePolicy::default(),
            drain: CancellationToken::new(),
            steering: Steering::default(),
            events: Arc::new(()),
        }
    }
}

impl fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("run", &self.run)
            .field("within", &self.within)
            .field("concurrency", &self.concurrency)
            .field("on_failure", &self.on_failure)
            .finish_non_exhaustive()
    }
}

/// What a failed branch means for the other ones.
///
/// Trouble that every branch would meet (a bad key, exhausted credit) stops a run under every
/// policy: what is in flight ends, nothing new begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum FailurePolicy {
    /// The first failure cancels what is in flight and ends the run.
    FailFast,
    /// The others go on; the outcome names the failed ones.
    #[default]
    KeepGoing,
    /// As `KeepGoing`, while the failed share of all inputs is at most this (0 to 1).
    AtMost(f64),
}

impl FailurePolicy {
    /// Returns whether a run must end that has `failed` of `total` inputs behind it.
    ///
    /// `total` is a lower bound while the inputs are still being counted, which is why a share is
    /// only judged at the end then.
    pub(crate) fn must_stop(self, failed: u64, total: Option<u64>) -> bool {
        match (self, total) {
            (Self::FailFast, _) => failed > 0,
            (Self::KeepGoing, _) | (Self::AtMost(_), None) => false,
            (Self::AtMost(share), Some(total)) => failed as f64 > share * total as f64,
        }
    }
}

/// How the agents are set up that a pattern makes of a model by itself.
#[derive(Clone, Debug)]
pub struct AgentOptions {
    /// What the agents are told on top of the pattern's own instructions.
    pub instructions: Option<String>,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// How often a rejected answer is sent back.
    pub max_reasks: u32,
}

impl Default for AgentOptions {
    fn default() -> Self {
        Self {
            instructions: None,
            sampling: Sampling::default(),
            max_reasks: 2,
        }
    }
}

impl AgentOptions {
    /// Makes an agent with these options; its own `instructions` go before those of the user.
    pub fn agent<I, O>(
        &self,
        model: Arc<dyn Model>,
        instructions: &str,
        contract: Contract<O>,
    ) -> ModelAgent<I, O>
    where
        Prompt: for<'a> From<&'a I>,
    {
        let instructions = match &self.instructions {
            Some(more) => format!("{instructions}\n\n{more}"),
            None => instructions.to_owned(),
        };
        ModelAgent::new(model, instructions, contract)
            .sampling(self.sampling)
            .max_reasks(self.max_reasks)
    }

    /// As [`agent`](Self::agent), whose answers are of a type of ours. A test holds that each has a strict
    /// schema, so nobody is bothered with an error that there cannot be.
    pub(crate) fn agent_of<I, O>(
        &self,
        model: Arc<dyn Model>,
        instructions: &str,
    ) -> ModelAgent<I, O>
    where
        O: JsonSchema + DeserializeOwned,
        Prompt: for<'a> From<&'a I>,
    {
        let contract = Contract::of::<O>().expect("a type of ours has a strict schema");
        self.agent(model, instructions, contract)
    }
}
