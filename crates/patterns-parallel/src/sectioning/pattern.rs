//! The course of a sectioning run.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use futures_util::stream;
use patterns_core::{
    Agent, AggregateError, Branch, ContractError, Document, Model, Outcome, Pattern, StepRole,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::{Section, Synthesis, outline_agent, section_agent, synthesis_agent};
use super::task::{Outline, OutlineTask, SectionBrief, SectionTask, SynthesisTask, WrittenSection};
use crate::run::Run;
use crate::{AgentOptions, FanOut, RunError, RunOptions};

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
{
    /// Writes the sections on `topic` and merges them.
    ///
    /// The branches of the outcome are the sections, in outline order. A section that failed is
    /// named to the synthesis agent, which works with the others.
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] if there is nothing to write, or neither sections nor a planner.
    ///
    /// # Cancellation
    ///
    /// Dropping the future ends all calls under way.
    pub async fn run(&self, topic: &str, options: &RunOptions) -> Result<Outcome<Y, S>, RunError> {
        self.check(topic)?;
        let topic: Arc<str> = topic.into();
        let given = (!self.outline.is_empty()).then_some(self.outline.len() as u64);
        let mut run = Run::start(options, Pattern::Sectioning, given);
        let outline = match self.find_outline(&topic, &mut run).await {
            Ok(outline) => Arc::new(outline),
            Err(error) => return Ok(run.finish(Err(error), Vec::new())),
        };
        let (branches, stop) = self.write(&topic, &outline, &mut run).await;
        if let Err(error) = run.verdict(stop) {
            return Ok(run.finish(Err(error), branches));
        }
        let task = synthesis_task(topic, &branches);
        let role = StepRole::Synthesis;
        let value = run.step(role, "synthesis", &*self.synthesis, &task).await;
        Ok(run.finish(value, branches))
    }

    fn check(&self, topic: &str) -> Result<(), RunError> {
        if topic.trim().is_empty() {
            return Err(RunError::NoInput("the topic is empty"));
        }
        if self.outline.is_empty() && (self.planned == 0 || self.planner.is_none()) {
            return Err(RunError::NoInput(
                "no section is given and none is to be planned",
            ));
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

    async fn find_outline(
        &self,
        topic: &Arc<str>,
        run: &mut Run<'_>,
    ) -> Result<Outline, AggregateError> {
        let Some(planner) = self.planner.as_ref().filter(|_| self.outline.is_empty()) else {
            let sections = self.outline.clone();
            return Ok(Outline { sections });
        };
        let task = OutlineTask {
            topic: Arc::clone(topic),
            sections: self.planned,
            context: Arc::clone(&self.context),
        };
        let mut outline = run
            .step(StepRole::Outline, "outline", &**planner, &task)
            .await?;
        // More sections than asked for would cost more than the user agreed to.
        if outline.sections.len() > self.planned {
            let message = format!(
                "the planner proposed {} sections; the first {} are used",
                outline.sections.len(),
                self.planned
            );
            run.warn(patterns_core::Warning::new("outline-shortened", message));
            outline.sections.truncate(self.planned);
        }
        Ok(outline)
    }

    async fn write(
        &self,
        topic: &Arc<str>,
        outline: &Arc<Outline>,
        run: &mut Run<'_>,
    ) -> (Vec<Branch<S>>, Option<crate::Stop>) {
        let tasks = outline.sections.iter().enumerate().map(|(index, section)| {
            let task = SectionTask {
                topic: Arc::clone(topic),
                outline: Arc::clone(outline),
                index,
                context: Arc::clone(&self.context),
            };
            (section.name.clone(), task)
        });
        let agent = &self.section;
        let fan_out = FanOut::new(stream::iter(tasks), run.options, move |task, origin| {
            Box::pin(async move { agent.run(&task, origin).await })
        });
        run.collect(fan_out.role(StepRole::Section)).await
    }
}

fn synthesis_task<S: Clone>(topic: Arc<str>, branches: &[Branch<S>]) -> SynthesisTask<S> {
    let written = branches.iter().filter_map(|branch| {
        branch.value().map(|answer| WrittenSection {
            name: branch.label.clone(),
            answer: answer.clone(),
        })
    });
    let missing = branches.iter().filter(|branch| branch.value().is_none());
    SynthesisTask {
        topic,
        sections: written.collect(),
        missing: missing.map(|branch| branch.label.clone()).collect(),
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
