//! `patterns section`: sections in parallel, then a synthesis.

use patterns_core::Pattern;
use patterns_job::{SectionJob, SectionWork};
use patterns_parallel::Sectioning;
use patterns_parallel::sectioning::Section;
use serde::Serialize;

use super::publish;
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
    let setup = session.setup();
    match &work.schema {
        None => {
            let pattern = work
                .sectioning(&setup)
                .map_err(|error| launch.told(error))?;
            write(session, pattern, &work, |page, it| {
                page.paragraph(&it.summary)
            })
            .await
        }
        Some(schema) => {
            let pattern = work.sectioning_to(schema, &setup);
            let pattern = pattern.map_err(|error| launch.told(error))?;
            write(session, pattern, &work, Page::answer).await
        }
    }
}

async fn write<Y: Serialize + Send + 'static>(
    session: Session,
    pattern: Sectioning<Section, Y>,
    work: &SectionWork,
    synthesis: impl Fn(&mut Page, &Y),
) -> Result<(), Error> {
    let options = session.setup().run_options();
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
