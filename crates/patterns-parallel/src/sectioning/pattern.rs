//! Sets up a sectioning run: its agents, its sections, its material.

use std::fmt;
use std::sync::Arc;

use patterns_core::text::one_line;
use patterns_core::{Agent, AgentError, Answer, Contract, Document, Model, Scope, Select};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::{Section, Synthesis, section_agent, synthesis_agent, synthesis_agent_to};
use super::machine::{Done, SectioningMachine, Work};
use super::outline::{GateTask, Outline, Plan, Verdict, gate_agent};
use super::review::{Review, ReviewTask, review_agent};
use super::task::{SectionTask, SynthesisTask};
use super::wording::json;
use crate::fan_out::FanOut;
use crate::{AgentOptions, RunError, RunOptions, Running};

/// Divides a topic into sections, writes them in parallel, each as soon as those that it builds on are
/// there, and merges them.
///
/// `S` is what a section agent answers, `Y` what becomes of all of them.
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
/// let sectioning = Sectioning::with_model(plan, model, &AgentOptions::default());
/// let outcome = sectioning.run("Rust", &RunOptions::default()).await?;
/// assert_eq!(outcome.value?.all_key_points, ["2006", "safe", "strict"]);
/// # Ok(()) }
/// ```
pub struct Sectioning<S, Y> {
    pub(super) plan: Plan,
    pub(super) section: Arc<dyn Agent<SectionTask, S>>,
    pub(super) ending: Ending<S, Y>,
    pub(super) context: Arc<[Document]>,
    pub(super) passages: Option<Arc<dyn Select>>,
    /// How an answer is read as a section.
    pub(super) read: fn(&S) -> Section,
    pub(super) growth: Option<Growth>,
    pub(super) gate: Option<Arc<dyn Agent<GateTask, Verdict>>>,
    pub(super) review: Option<Arc<dyn Agent<ReviewTask, Review>>>,
}

/// What becomes of the sections.
pub(super) enum Ending<S, Y> {
    /// An agent merges them. Code makes the whole of a topic that was not divided.
    Synthesis {
        agent: Arc<dyn Agent<SynthesisTask<S>, Y>>,
        alone: Option<fn(&S) -> Y>,
        /// Finds the numbers and names in it that it cannot have from the sections.
        unseen: Option<Arc<Unseen<S, Y>>>,
    },
    /// Code puts them together.
    Code(Arc<dyn Fn(SynthesisTask<S>) -> Y + Send + Sync>),
    /// None is written; the outline is the result.
    Outline(fn(Outline) -> Y),
}

/// Returns the numbers and names of a synthesis that are in nothing it was given.
pub(super) type Unseen<S, Y> = dyn Fn(&Y, &SynthesisTask<S>) -> Vec<String> + Send + Sync;

/// How far an outline may grow while it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The most sections, those that were planned among them.
    pub max_sections: usize,
    /// How many levels below the planned sections there may be.
    pub max_depth: u32,
}

impl Default for Growth {
    fn default() -> Self {
        Self {
            max_sections: 20,
            max_depth: 1,
        }
    }
}

impl Sectioning<Section, Synthesis> {
    /// Makes the pattern with the default answers, all agents on one model.
    pub fn with_model(
        plan: impl Into<Plan>,
        model: Arc<dyn Model>,
        options: &AgentOptions,
    ) -> Self {
        let section = section_agent(Arc::clone(&model), options);
        let pattern = Self::new(plan, section, synthesis_agent(model, options));
        let alone = |it: &Section| Synthesis::of(it.content.clone(), vec![it.clone()]);
        let pattern = pattern.alone(alone).read_as_section();
        pattern.looked_through(options, |it| it.summary.clone().into())
    }
}

impl<Y: Serialize + DeserializeOwned + Send + 'static> Sectioning<Section, Y> {
    /// Makes the pattern with the default sections and the user's own kind of synthesis.
    pub fn with_synthesis(
        plan: impl Into<Plan>,
        model: Arc<dyn Model>,
        synthesis: Contract<Y>,
        options: &AgentOptions,
    ) -> Self {
        let section = section_agent(Arc::clone(&model), options);
        let agent = synthesis_agent_to(synthesis, model, options, Section::with_points);
        let pattern = Self::new(plan, section, agent).read_as_section();
        pattern.looked_through(options, |it| serde_json::to_value(it).unwrap_or_default())
    }

    /// Has the texts of the synthesis looked through for what is in none of the sections.
    fn looked_through(mut self, options: &AgentOptions, texts: fn(&Y) -> Value) -> Self {
        if let Ending::Synthesis { unseen, .. } = &mut self.ending {
            let told = options.instructions.clone();
            *unseen = Some(Arc::new(move |it, task| {
                let given = task.prompt(Section::with_points);
                super::unseen::unseen(&texts(it), told.as_deref(), &given)
            }));
        }
        self
    }
}

impl<Y> Sectioning<Section, Y> {
    /// Makes the pattern with the default sections, which code stitches together, without a further call.
    pub fn stitching(
        plan: impl Into<Plan>,
        model: Arc<dyn Model>,
        options: &AgentOptions,
        stitch: impl Fn(SynthesisTask<Section>) -> Y + Send + Sync + 'static,
    ) -> Self {
        let section = section_agent(model, options);
        Self::by_code(plan, section, stitch).read_as_section()
    }

    fn read_as_section(mut self) -> Self {
        self.read = Section::clone;
        self
    }

    /// Lets sections ask for further ones below them while the piece is written, within bounds:
    /// orchestrator and workers.
    #[must_use]
    pub fn growing(mut self, growth: Growth) -> Self {
        self.growth = Some(growth);
        self
    }
}

impl<S, Y> Sectioning<S, Y>
where
    S: Serialize,
{
    /// Makes the pattern of a plan and two agents: who writes a section, and who merges them.
    pub fn new(
        plan: impl Into<Plan>,
        section: impl Agent<SectionTask, S> + 'static,
        synthesis: impl Agent<SynthesisTask<S>, Y> + 'static,
    ) -> Self {
        let agent = Arc::new(synthesis);
        let ending = Ending::Synthesis {
            agent,
            alone: None,
            unseen: None,
        };
        Self::ending_in(plan, section, ending)
    }

    /// Makes the pattern whose sections are merged by code.
    pub fn by_code(
        plan: impl Into<Plan>,
        section: impl Agent<SectionTask, S> + 'static,
        merge: impl Fn(SynthesisTask<S>) -> Y + Send + Sync + 'static,
    ) -> Self {
        Self::ending_in(plan, section, Ending::Code(Arc::new(merge)))
    }

    fn ending_in(
        plan: impl Into<Plan>,
        section: impl Agent<SectionTask, S> + 'static,
        ending: Ending<S, Y>,
    ) -> Self {
        Self {
            plan: plan.into(),
            section: Arc::new(section),
            ending,
            context: Arc::default(),
            passages: None,
            read: |it| Section::of_json(json(it)),
            growth: None,
            gate: None,
            review: None,
        }
    }
}

impl<S, Y> Sectioning<S, Y> {
    /// Writes sections with another agent.
    #[must_use]
    pub fn written_by(mut self, section: impl Agent<SectionTask, S> + 'static) -> Self {
        self.section = Arc::new(section);
        self
    }

    /// Gives material that every section agent sees.
    #[must_use]
    pub fn context(mut self, context: impl Into<Arc<[Document]>>) -> Self {
        self.context = context.into();
        self
    }

    /// Gives long material, of which every section agent sees the passages that concern it.
    #[must_use]
    pub fn passages(mut self, passages: impl Select + 'static) -> Self {
        self.passages = Some(Arc::new(passages));
        self
    }

    /// Makes the whole of the one section of a topic that is not divided, in the place of a synthesis.
    #[must_use]
    pub fn alone(mut self, whole: fn(&S) -> Y) -> Self {
        if let Ending::Synthesis { alone, .. } = &mut self.ending {
            *alone = Some(whole);
        }
        self
    }

    /// Asks a model, before a plan is made, whether the topic divides at all. One that does not is written
    /// in a single call, as is one whose words ask for maths or a proof. Sections that are given are not
    /// questioned, so with those it is an error.
    #[must_use]
    pub fn gated(mut self, model: Arc<dyn Model>, options: &AgentOptions) -> Self {
        self.gate = Some(Arc::new(gate_agent(model, options)));
        self
    }

    /// Has the summaries of all sections read together by a model, and those that do not go together with
    /// others written again, at most twice.
    #[must_use]
    pub fn reviewed(mut self, model: Arc<dyn Model>, options: &AgentOptions) -> Self {
        self.review = Some(Arc::new(review_agent(model, options)));
        self
    }

    /// Makes the outline alone; no section is written.
    #[must_use]
    pub fn outline_only(self) -> Sectioning<S, Outline> {
        Sectioning {
            plan: self.plan,
            section: self.section,
            ending: Ending::Outline(|it| it),
            context: self.context,
            passages: self.passages,
            read: self.read,
            growth: None,
            gate: self.gate,
            review: None,
        }
    }
}

impl<S, Y> Sectioning<S, Y>
where
    S: Send + Sync + Clone + 'static,
    Y: Send + 'static,
{
    /// Writes the sections on `topic` and merges them.
    ///
    /// The branches of the outcome are the sections, in outline order. A section that failed is
    /// named to those that build on it and to the synthesis agent, who work with the others.
    ///
    /// # Errors
    ///
    /// The run ends with a [`RunError`] if there is no topic, no section, or the outline is not right.
    pub fn run<'r>(&'r self, topic: &str, options: &'r RunOptions) -> Running<'r, Y, S> {
        let topic: Arc<str> = topic.into();
        Running::new(async move {
            let given = self.given(&topic)?;
            let machine = SectioningMachine::new(topic, self, given, options);
            Ok(FanOut::new(machine, options, |work, scope| {
                Box::pin(Self::carry_out(work, scope))
            }))
        })
    }

    async fn carry_out(
        work: Work<'_, S, Y>,
        scope: Scope,
    ) -> Result<Answer<Done<S, Y>>, AgentError> {
        Ok(match work {
            Work::Gate(gate, task) => gate.run(&task, scope).await?.map(Done::Gate),
            Work::Outline(planner, task) => planner.run(&task, scope).await?.map(Done::Outline),
            Work::Section(writer, task) => writer.run(&task, scope).await?.map(Done::Section),
            Work::Review(reader, task) => reader.run(&task, scope).await?.map(Done::Review),
            Work::Synthesis(by, task) => by.run(&task, scope).await?.map(Done::Synthesis),
        })
    }

    /// Checks what is asked for, and returns the sections if they are given.
    fn given(&self, topic: &str) -> Result<Option<Outline>, RunError> {
        if one_line(topic).is_empty() {
            return Err(RunError::NoInput("the topic is empty"));
        }
        let Plan::Given(outline) = &self.plan else {
            return match (&self.gate, &self.ending) {
                (Some(_), Ending::Synthesis { alone: None, .. }) => Err(RunError::InvalidSetup(
                    "a gate needs to know what becomes of a topic that does not divide",
                )),
                _ => Ok(None),
            };
        };
        if self.gate.is_some() {
            let message = "a gate is for sections that are planned, and these are given";
            return Err(RunError::InvalidSetup(message));
        }
        if outline.sections.is_empty() {
            return Err(RunError::NoInput("no section is given"));
        }
        let wrong = |it| RunError::Part(format!("the outline is not right: {it}"));
        outline.clone().checked().map(Some).map_err(wrong)
    }
}

impl<S, Y> fmt::Debug for Sectioning<S, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sectioning")
            .field("plan", &self.plan)
            .field("growth", &self.growth)
            .finish_non_exhaustive()
    }
}
