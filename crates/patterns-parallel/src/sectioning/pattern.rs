//! Sets up a sectioning run: its agents, its sections, its material.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use patterns_core::{Agent, AgentError, Answer, ContractError, Document, Model, Origin};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::{Section, Synthesis, outline_agent, section_agent, synthesis_agent};
use super::machine::{Done, Plan, SectioningMachine, Work};
use super::task::{Outline, OutlineTask, SectionBrief, SectionTask, SynthesisTask};
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
/// let sectioning = Sectioning::with_model(model, &AgentOptions::default())?
///     .sections(["History", "Pros and cons"]);
/// let outcome = sectioning.run("Rust", &RunOptions::default()).await?;
/// assert_eq!(outcome.value?.all_key_points, ["2006", "safe", "strict"]);
/// # Ok(()) }
/// ```
pub struct Sectioning<S, Y> {
    section: Arc<dyn Agent<SectionTask, S>>,
    synthesis: Arc<dyn Agent<SynthesisTask<S>, Y>>,
    planner: Option<Arc<dyn Agent<OutlineTask, Outline>>>,
    outline: Vec<SectionBrief>,
    planned: usize,
    context: Arc<[Document]>,
}

const NO_SECTION: &str = "no section is given and none is to be planned";

impl Sectioning<Section, Synthesis> {
    /// Makes the pattern with the default answers, all agents on one model.
    ///
    /// # Errors
    ///
    /// Returns a [`ContractError`] if an answer type has no strict schema; the default ones have.
    pub fn with_model(
        model: Arc<dyn Model>,
        options: &AgentOptions,
    ) -> Result<Self, ContractError> {
        let planner = Arc::new(outline_agent(Arc::clone(&model), options)?);
        let section = Arc::new(section_agent(Arc::clone(&model), options)?);
        let synthesis = Arc::new(synthesis_agent(model, options)?);
        Ok(Self::new(section, synthesis).planner(planner))
    }
}

impl<Y: DeserializeOwned + Send + 'static> Sectioning<Section, Y> {
    /// Makes the pattern with the default sections and the user's own kind of synthesis.
    ///
    /// # Errors
    ///
    /// As [`with_model`](Self::with_model).
    pub fn with_synthesis(
        model: Arc<dyn Model>,
        synthesis: patterns_core::Contract<Y>,
        options: &AgentOptions,
    ) -> Result<Self, ContractError> {
        let planner = Arc::new(outline_agent(Arc::clone(&model), options)?);
        let section = Arc::new(section_agent(Arc::clone(&model), options)?);
        let synthesis = super::answer::custom_synthesis_agent(model, synthesis, options);
        Ok(Self::new(section, Arc::new(synthesis)).planner(planner))
    }
}

impl<S, Y> Sectioning<S, Y> {
    /// Makes the pattern of two agents.
    pub fn new(
        section: Arc<dyn Agent<SectionTask, S>>,
        synthesis: Arc<dyn Agent<SynthesisTask<S>, Y>>,
    ) -> Self {
        Self {
            section,
            synthesis,
            planner: None,
            outline: Vec::new(),
            planned: 0,
            context: Arc::default(),
        }
    }

    /// Sets the agent that plans the outline where none is given.
    #[must_use]
    pub fn planner(mut self, planner: Arc<dyn Agent<OutlineTask, Outline>>) -> Self {
        self.planner = Some(planner);
        self
    }

    /// Gives the sections by their headings.
    #[must_use]
    pub fn sections<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let sections = names.into_iter().map(SectionBrief::named).collect();
        self.outline(Outline { sections })
    }

    /// Gives the sections with their briefs.
    #[must_use]
    pub fn outline(mut self, outline: Outline) -> Self {
        self.outline = outline.sections;
        self
    }

    /// Lets the planner find this many sections.
    #[must_use]
    pub fn plan(mut self, sections: usize) -> Self {
        self.planned = sections;
        self
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
    /// The run ends with a [`RunError`] if there is nothing to write, or neither sections nor a
    /// planner.
    pub fn run<'r>(&'r self, topic: &str, options: &'r RunOptions) -> Running<'r, Y, S> {
        let topic: Arc<str> = topic.into();
        Running::new(async move {
            self.check(&topic)?;
            let plan = match &self.planner {
                Some(_) if self.outline.is_empty() => Plan::Ask(self.planned),
                _ => Plan::Given(Outline {
                    sections: self.outline.clone(),
                }),
            };
            let context = Arc::clone(&self.context);
            let machine = SectioningMachine::new(topic, context, plan, options);
            Ok(FanOut::new(machine, options, |work, origin| {
                Box::pin(self.carry_out(work, origin))
            }))
        })
    }

    async fn carry_out(
        &self,
        work: Work<S>,
        origin: Origin,
    ) -> Result<Answer<Done<S, Y>>, AgentError> {
        match (work, &self.planner) {
            (Work::Outline(task), Some(planner)) => {
                Ok(planner.run(&task, origin).await?.map(Done::Outline))
            }
            (Work::Outline(_), None) => Err(AgentError::code(RunError::NoInput(NO_SECTION))),
            (Work::Section(task), _) => {
                Ok(self.section.run(&task, origin).await?.map(Done::Section))
            }
            (Work::Synthesis(task), _) => Ok(self
                .synthesis
                .run(&task, origin)
                .await?
                .map(Done::Synthesis)),
        }
    }

    fn check(&self, topic: &str) -> Result<(), RunError> {
        if topic.trim().is_empty() {
            return Err(RunError::NoInput("the topic is empty"));
        }
        if self.outline.is_empty() && (self.planned == 0 || self.planner.is_none()) {
            return Err(RunError::NoInput(NO_SECTION));
        }
        let mut names = HashSet::new();
        for section in &self.outline {
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
            .field("outline", &self.outline)
            .field("planned", &self.planned)
            .field("context", &self.context.len())
            .finish_non_exhaustive()
    }
}
