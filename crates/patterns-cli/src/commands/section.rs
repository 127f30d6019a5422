//! `patterns section`: sections in parallel, then a synthesis.

use std::num::NonZeroUsize;
use std::sync::Arc;

use patterns_core::{Contract, Model, Pattern};
use patterns_job::{SectionJob, SectionWork};
use patterns_parallel::sectioning::{Plan, Section, planner_agent};
use patterns_parallel::{AgentOptions, Sectioning};
use serde::Serialize;

use super::{publish, unusable};
use crate::error::Error;
use crate::launch::Launch;
use crate::report::{Page, section_page};
use crate::session::Session;
use crate::written::Written;

pub(crate) async fn run(job: SectionJob, launch: Launch) -> Result<(), Error> {
    let written = Written::by(&launch.job, launch.names);
    written.check_files(&launch.job.files())?;
    written.check_documents(&job.context, launch.terminal)?;
    let work = SectionWork::read(job, &launch.reader(&written));
    let work = work.map_err(|error| launch.told(error))?;
    let session = Session::open(&launch, |roles, settings| work.identity(roles, settings)).await?;
    let model = Arc::clone(session.connected.first());
    let options = session.agent_options(None);
    match &work.schema {
        None => {
            let plan = plan_of(&work, &model, &options)?;
            let pattern = Sectioning::with_model(plan, model, &options).map_err(unusable)?;
            write(session, pattern, &work, |page, it| {
                page.paragraph(&it.summary)
            })
            .await
        }
        Some(schema) => {
            let contract = Contract::from_schema(schema.clone()).map_err(unusable)?;
            let plan = plan_of(&work, &model, &options)?;
            let pattern = Sectioning::with_synthesis(plan, model, contract, &options);
            let pattern = pattern.map_err(unusable)?;
            write(session, pattern, &work, Page::answer).await
        }
    }
}

async fn write<Y: Serialize + Send>(
    session: Session,
    pattern: Sectioning<Section, Y>,
    work: &SectionWork,
    synthesis: impl Fn(&mut Page, &Y),
) -> Result<(), Error> {
    let pattern = pattern.context(work.context.clone());
    let options = session.run_options();
    let run = session.watch(pattern.run(&work.job.topic, &options));
    let Some(outcome) = run.await? else {
        return Ok(());
    };
    publish(session, Pattern::Sectioning, &outcome, |page, outcome| {
        page.heading(&work.job.topic);
        if let Ok(value) = &outcome.value {
            synthesis(page, value);
        }
        section_page(page, &outcome.branches);
    })
    .await
}

/// Returns where the sections come from: those that were named, or the planner.
fn plan_of(
    work: &SectionWork,
    model: &Arc<dyn Model>,
    options: &AgentOptions,
) -> Result<Plan, Error> {
    let sections = &work.job.sections;
    match NonZeroUsize::new(work.job.planned()).filter(|_| sections.is_empty()) {
        None => Ok(sections.clone().into()),
        Some(count) => {
            let planner = planner_agent(Arc::clone(model), options).map_err(unusable)?;
            Ok(Plan::by(planner, count))
        }
    }
}
