//! Sectioning, as a job describes it.

use std::num::NonZeroUsize;
use std::sync::Arc;

use patterns_core::Contract;
use patterns_parallel::Sectioning;
use patterns_parallel::sectioning::{Plan, Section, Synthesis, planner_agent};
use serde_json::Value;

use super::unusable;
use crate::job_error::JobError;
use crate::setup::Setup;
use crate::work::SectionWork;

impl SectionWork {
    /// Returns the pattern with the usual synthesis.
    ///
    /// # Errors
    ///
    /// Returns an error if a contract cannot be made.
    pub fn sectioning(&self, setup: &Setup) -> Result<Sectioning<Section, Synthesis>, JobError> {
        let model = Arc::clone(setup.models.first());
        let options = setup.agent_options(None);
        let pattern = Sectioning::with_model(self.plan(setup)?, model, &options);
        Ok(pattern.map_err(unusable)?.context(self.context.clone()))
    }

    /// Returns the pattern with a synthesis of the user's own shape.
    ///
    /// # Errors
    ///
    /// Returns an error if a contract cannot be made.
    pub fn sectioning_to(
        &self,
        schema: &Value,
        setup: &Setup,
    ) -> Result<Sectioning<Section, Value>, JobError> {
        let model = Arc::clone(setup.models.first());
        let contract = Contract::from_schema(schema.clone()).map_err(unusable)?;
        let options = setup.agent_options(None);
        let pattern = Sectioning::with_synthesis(self.plan(setup)?, model, contract, &options);
        Ok(pattern.map_err(unusable)?.context(self.context.clone()))
    }

    /// Returns where the sections come from: those that are named, or a planner.
    fn plan(&self, setup: &Setup) -> Result<Plan, JobError> {
        let sections = &self.job.sections;
        match NonZeroUsize::new(self.job.planned()).filter(|_| sections.is_empty()) {
            None => Ok(sections.clone().into()),
            Some(count) => {
                let model = Arc::clone(setup.models.first());
                let planner = planner_agent(model, &setup.agent_options(None));
                Ok(Plan::by(planner.map_err(unusable)?, count))
            }
        }
    }
}
