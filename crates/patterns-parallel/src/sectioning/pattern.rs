//! Sets up a sectioning run: its agents, its sections, its material.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use patterns_core::{Agent, AgentError, Answer, Contract, ContractError, Document, Model, Scope};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::{Section, Synthesis, custom_synthesis_agent, section_agent, synthesis_agent};
use super::machine::{Done, SectioningMachine, Work};
use super::plan::Plan;
use super::task::{SectionTask, SynthesisTask};
use crate::fan_out::FanOut;
use crate::{AgentOptions, RunError, RunOptions, Running};

/// Divides a topic into independent sections, writes them in parallel and merges them.
///
/// `S` is what a section agent answers, `Y` what the synthesis agent makes of all of them.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use patterns_parallel::{AgentOptions, RunOptions, Sectioning};
/// use patterns_testkit::ScriptedModel;
///
/// let model = Arc::new(ScriptedModel::new([
///     r#"{"content": "Begun in 2006.", "key_points": ["2006"]}"#,
///     r#"{"content": "Safe, and strict.", "key_points": ["safe", "strict"]}"#,
///     r#"{"summary": "Rust, begun in 2006, is safe and strict."}"#,
/// ]));
/// let plan = ["History", "Pros and cons"];
/// let sectioning = Sectioning::with_model(plan, model, &AgentOptions::default())?;
/// let outcome = sectioning.run("Rust", &RunOptions::default()).await?;
/// assert_eq!(outcome.value?.all_key_points, ["2006", "safe", "strict"]);
/// # Ok(()) }
/// ```
pub struct Sectioning<S, Y> {
    plan: Plan,
    section: Arc<dyn Agent<SectionTask, S>>,
    synthesis: Arc<dyn Agent<SynthesisTask<S>, Y>>,
    context: Arc<[Document]>,
}

impl Sectioning<Section, Synthesis> {
    /// Makes the pattern with the default answers, all agents on one model.
    ///
    /// # Errors
    ///
    /// Returns a [`ContractError`] if an answer type has no strict schema; the default ones have.
    pub fn with_model(
        plan: impl Into<Plan>,
        model: Arc<dyn Model>,
        options: &AgentOptions,
    ) -> Result<Self, ContractError> {
        let section = section_agent(Arc::clone(&model), options)?;
        Ok(Self::new(plan, section, synthesis_agent(model, options)?))
    }
}

impl<Y: DeserializeOwned + Send + 'static> Sectioning<Section, Y> {
    /// Makes the pattern with the default sections and the user's own kind of synthesis.
    ///
    /// # Errors
    ///
    /// As [`with_model`](Self::with_model).
    pub fn with_synthesis(
        plan: impl Into<Plan>,
        model: Arc<dyn Model>,
        synthesis: Contract<Y>,
        options: &AgentOptions,
    ) -> Result<Self, ContractError> {
        let section = section_agent(Arc::clone(&model), options)?;
        let synthesis = custom_synthesis_agent(model, synthesis, options);
        Ok(Self::new(plan, section, synthesis))
    }
}

impl<S, Y> Sectioning<S, Y> {
    /// Makes the pattern of a plan and two agents: who writes a section, and who merges them.
    pub fn new(
        plan: impl Into<Plan>,
        section: impl Agent<SectionTask, S> + 'static,
        synthesis: impl Agent<SynthesisTask<S>, Y> + 'static,
    ) -> Self {
        Self {
            plan: plan.into(),
            section: Arc::new(section),
            synthesis: Arc::new(synthesis),
            context: Arc::default(),
        }
    }

    /// Gives material that every section agent sees.
    #[must_use]
    pub fn context(mut self, context: impl Into<Arc<[Document]>>) -> Self {
        self.context = context.into();
        self
    }
}

impl<S, Y> Sectioning<S, Y>
where
    S: Serialize + Send + Sync + Clone + 'static,
    Y: Send,
{
    /// Writes the sections on `topic` and merges them.
    ///
    /// The branches of the outcome are the sections, in outline order. A section that failed is
    /// named to the synthesis agent, which works with the others.
    ///
    /// # Errors
    ///
    /// The run ends with a [`RunError`] if there is no topic, no section, or two of one name.
    pub fn run<'r>(&'r self, topic: &str, options: &'r RunOptions) -> Running<'r, Y, S> {
        let topic: Arc<str> = topic.into();
        Running::new(async move {
            self.check(&topic)?;
            let context = Arc::clone(&self.context);
            let machine = SectioningMachine::new(topic, context, &self.plan, options);
            Ok(FanOut::new(machine, options, |work, scope| {
                Box::pin(self.carry_out(work, scope))
            }))
        })
    }

    async fn carry_out(
        &self,
        work: Work<S>,
        scope: Scope,
    ) -> Result<Answer<Done<S, Y>>, AgentError> {
        match (work, &self.plan) {
            (Work::Outline(task), Plan::Ask { planner, .. }) => {
                Ok(planner.run(&task, scope).await?.map(Done::Outline))
            }
            (Work::Outline(_), Plan::Given(_)) => {
                Err(AgentError::code(RunError::NoInput("no section is given")))
            }
            (Work::Section(task), _) => {
                Ok(self.section.run(&task, scope).await?.map(Done::Section))
            }
            (Work::Synthesis(task), _) => {
                Ok(self.synthesis.run(&task, scope).await?.map(Done::Synthesis))
            }
        }
    }

    fn check(&self, topic: &str) -> Result<(), RunError> {
        if topic.trim().is_empty() {
            return Err(RunError::NoInput("the topic is empty"));
        }
        let Plan::Given(outline) = &self.plan else {
            return Ok(());
        };
        if outline.sections.is_empty() {
            return Err(RunError::NoInput("no section is given"));
        }
        let mut names = HashSet::new();
        for section in &outline.sections {
            if section.name.trim().is_empty() {
                return Err(RunError::InvalidSetup("a section has no name"));
            }
            if !names.insert(section.name.trim()) {
                return Err(RunError::InvalidSetup("two sections have the same name"));
            }
        }
        Ok(())
    }
}

impl<S, Y> fmt::Debug for Sectioning<S, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sectioning")
            .field("plan", &self.plan)
            .field("context", &self.context.len())
            .finish_non_exhaustive()
    }
}
