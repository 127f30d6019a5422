//! The sectioning that a job describes.

use std::num::NonZeroUsize;
use std::sync::Arc;

use patterns_core::{Contract, Document, Model, TokenCounter};
use patterns_llm::token_counter;
use patterns_parallel::sectioning::{Outline, Plan, Section, Synthesis, section_agent};
use patterns_parallel::{AgentOptions, Sectioning};
use patterns_source::Passages;
use serde_json::Value;

use super::nested_writer::NestedWriter;
use crate::job::SectionJob;
use crate::job_error::{JobError, unusable};
use crate::piece::Piece;
use crate::setup::Setup;
use crate::work::SectionWork;

impl SectionWork {
    /// Returns the pattern with the usual synthesis.
    pub fn sectioning(&self, setup: &Setup) -> Sectioning<Section, Synthesis> {
        let (model, options) = asked(setup);
        let pattern = Sectioning::with_model(self.plan(setup), model, &options);
        self.dressed(pattern, setup)
    }

    /// Returns the pattern whose sections code puts together.
    pub fn stitching(&self, setup: &Setup) -> Sectioning<Section, Piece> {
        let (model, options) = asked(setup);
        let pattern = Sectioning::stitching(self.plan(setup), model, &options, Piece::of);
        self.dressed(pattern, setup)
    }

    /// Returns the pattern that makes the outline alone.
    pub fn outlining(&self, setup: &Setup) -> Sectioning<Section, Outline> {
        self.stitching(setup).outline_only()
    }

    /// Returns the pattern with a synthesis of the user's own shape.
    ///
    /// # Errors
    ///
    /// Returns an error if the schema makes no contract.
    pub fn sectioning_to(
        &self,
        schema: &Value,
        setup: &Setup,
    ) -> Result<Sectioning<Section, Value>, JobError> {
        let (model, options) = asked(setup);
        let contract = Contract::from_schema(schema.clone()).map_err(unusable)?;
        let pattern = Sectioning::with_synthesis(self.plan(setup), model, contract, &options);
        Ok(self.dressed(pattern, setup))
    }

    /// Returns where the sections come from: those that are given, or a planner.
    fn plan(&self, setup: &Setup) -> Plan {
        if let Some(outline) = &self.outline {
            return Plan::from(outline.clone());
        }
        let sections = NonZeroUsize::new(self.job.planned()).unwrap_or(NonZeroUsize::MIN);
        let (model, options) = asked(setup);
        Plan::with_model(model, sections, &options)
    }

    /// Gives a pattern its gate, its material, its bounds, its reviewer, and those who write sections that are jobs
    /// of their own.
    fn dressed<Y: Send + 'static>(
        &self,
        mut pattern: Sectioning<Section, Y>,
        setup: &Setup,
    ) -> Sectioning<Section, Y> {
        let (model, options) = (setup.models.first(), setup.agent_options(None));
        if self.job.gate {
            pattern = pattern.gated(Arc::clone(model), &options);
        }
        if self.job.nested().next().is_some() {
            pattern = pattern.written_by(self.nested_writer(setup, &options));
        }
        if let Some(grow) = &self.job.grow {
            pattern = pattern.growing(grow.into());
        }
        if self.job.consistency {
            pattern = pattern.reviewed(Arc::clone(model), &options);
        }
        let counter = token_counter(model.id()).unwrap_or_default();
        self.with_material(pattern, &counter)
    }

    fn nested_writer(&self, setup: &Setup, options: &AgentOptions) -> NestedWriter {
        let usual = section_agent(Arc::clone(setup.models.first()), options);
        let titled = self.outline.iter().flat_map(|it| &it.sections);
        let jobs = titled
            .zip(&self.job.sections)
            .filter(|(_, spec)| spec.job.is_some())
            .map(|(brief, spec)| (brief.id.clone(), spec.clone()));
        NestedWriter::new(
            Arc::new(usual),
            jobs.collect(),
            (setup.clone(), self.reader.clone()),
        )
    }

    /// Gives all of the material to every section, or where it is too much, the passages that concern it.
    fn with_material<Y>(
        &self,
        pattern: Sectioning<Section, Y>,
        counter: &TokenCounter,
    ) -> Sectioning<Section, Y> {
        let most = self.job.context_tokens;
        let most = most.unwrap_or(SectionJob::DEFAULT_CONTEXT_TOKENS);
        let count = |it: &Document| counter.count(&it.text);
        match self.context.iter().map(count).sum::<u64>() > most.get() {
            true => pattern.passages(Passages::new(&self.context, most, counter)),
            false => pattern.context(self.context.clone()),
        }
    }
}

/// Returns who plans, writes and reviews, and with which options.
fn asked(setup: &Setup) -> (Arc<dyn Model>, AgentOptions) {
    (Arc::clone(setup.models.first()), setup.agent_options(None))
}
