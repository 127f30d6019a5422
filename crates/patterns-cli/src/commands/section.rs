//! `patterns section`: sections in parallel, then a synthesis.

use std::sync::Arc;

use patterns_core::{ContractError, Pattern};
use patterns_parallel::Sectioning;
use patterns_parallel::sectioning::Section;
use serde::Serialize;

use super::publish;
use crate::args::SectionArgs;
use crate::error::{Error, ErrorKind};
use crate::input::contract;
use crate::job::{SectionWork, Work};
use crate::plan;
use crate::report::{Page, section_page};
use crate::session::{Session, Surroundings};
use crate::terminal::Terminal;

pub(super) async fn run(args: &SectionArgs, terminal: Terminal) -> Result<(), Error> {
    let job = plan::section(args)?;
    let session = Session::open(&job, Surroundings::from(&args.common), terminal).await?;
    let Work::Section(work) = job.work else {
        return Ok(());
    };
    let model = Arc::clone(&session.connected.models[0]);
    let options = session.agent_options(None);
    match &work.schema {
        None => {
            let pattern = Sectioning::with_model(model, &options).map_err(unusable)?;
            write(session, pattern, &work, |page, it| {
                page.paragraph(&it.summary)
            })
            .await
        }
        Some(schema) => {
            let contract = contract(schema).map_err(unusable)?;
            let pattern = Sectioning::with_synthesis(model, contract, &options);
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
    let pattern = pattern
        .sections(work.sections.clone())
        .plan(work.plan)
        .context(work.context.clone());
    let options = session.run_options();
    let run = session.watch(pattern.run(&work.topic, &options));
    let Some(outcome) = run.await? else {
        return Ok(());
    };
    publish(session, Pattern::Sectioning, &outcome, |page, outcome| {
        page.heading(&work.topic);
        if let Ok(value) = &outcome.value {
            synthesis(page, value);
        }
        section_page(page, &outcome.branches);
    })
    .await
}

/// A schema was checked when it was read, and our own ones are tested.
pub(super) fn unusable(error: ContractError) -> Error {
    Error::new(ErrorKind::BadSchema, error.to_string())
}
