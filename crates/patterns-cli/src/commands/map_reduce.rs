//! `patterns map-reduce`: an agent per document, then a combination, or the rows themselves.

mod rows;
mod statements;
mod table;

use patterns_core::{Branch, Pattern};
use patterns_job::{Corpus, MapReduceJob, MapReduceWork, Reduce};
use patterns_parallel::MapReduce;
use patterns_parallel::map_reduce::{DocumentSummary, Reduction};
use serde::Serialize;
use serde_json::Value;

use self::rows::{Lines, write_rows};
use super::publish;
use crate::args::Format;
use crate::error::Error;
use crate::launch::Launch;
use crate::report::{Page, branch_line, document_page};
use crate::session::Session;
use crate::sheet::Column;
use crate::terminal::Style;

pub(crate) async fn run(job: MapReduceJob, launch: Launch) -> Result<(), Error> {
    let written = launch.written()?;
    let (inputs, source) = (job.inputs.clone(), job.source.clone());
    let choice = job.input.choice(job.run.seed);
    let work = MapReduceWork::read(job).map_err(|error| launch.told(error))?;
    written.check_documents(&inputs, launch.terminal)?;
    let reader = launch.reader(&written);
    let kept = work.kept();
    let corpus = Corpus::open(&inputs, &source, choice, kept.as_ref(), &reader);
    let mut corpus = corpus.map_err(|error| launch.told(error))?;
    let mut session =
        Session::open(&launch, |roles, settings| work.identity(roles, settings)).await?;
    session.allows_gaps = work.job.allow_gaps;
    session.taken = corpus.taken();
    let setup = session.setup();
    let told = |error| launch.told(error);
    work.prepare(&mut corpus, &setup.models).map_err(told)?;
    let with = (&corpus, &setup);
    match (&work.job.reduce, &work.map_schema) {
        (Reduce::Code(_), None) => {
            let map = work.summarising(&setup);
            table::run(session, &work, (map, corpus)).await
        }
        (Reduce::Code(_), Some(schema)) => {
            let map = work.answering(schema, &setup).map_err(told)?;
            table::run(session, &work, (map, corpus)).await
        }
        (Reduce::Statements(it), _) => {
            let pattern = work.statements(it, with).map_err(told)?;
            statements::run(session, pattern, corpus).await
        }
        (Reduce::None, None) => {
            let map = work.summarising(&setup);
            let show = |page: &mut Page, it: &DocumentSummary| page.paragraph(&it.summary);
            let columns = vec![Column::text("summary"), Column::integer("word_count")];
            write_rows(session, work.rows(map, &corpus), corpus, (columns, show)).await
        }
        (Reduce::None, Some(schema)) => {
            let map = work.answering(schema, &setup).map_err(told)?;
            let columns = Column::of_schema(schema);
            write_rows(
                session,
                work.rows(map, &corpus),
                corpus,
                (columns, Page::answer),
            )
            .await
        }
        (Reduce::Agent(agent), None) if work.reduce_schema.is_none() => {
            let pattern = work.summaries(agent, with);
            combine(session, pattern, corpus, |it, _| it, summary_page).await
        }
        (Reduce::Agent(agent), _) => {
            let pattern = work.values(agent, with).map_err(told)?;
            combine(session, pattern, corpus, |it, _| it, value_page).await
        }
    }
}

fn summary_page(
    page: &mut Page,
    reduction: Option<&Reduction>,
    branches: &[Branch<DocumentSummary>],
) {
    if let Some(reduction) = reduction {
        page.paragraph(&reduction.combined_summary);
        let Reduction {
            total_documents,
            total_words,
            ..
        } = reduction;
        page.gap();
        let total = format!("documents: {total_documents} · words: {total_words}");
        page.line(Style::Dim, &total);
    }
    document_page(page, branches);
}

fn value_page(page: &mut Page, value: Option<&Value>, branches: &[Branch<Value>]) {
    if let Some(value) = value {
        page.answer(value);
    }
    for branch in branches {
        page.gap();
        page.heading(&branch.label);
        match branch.value() {
            Some(value) => page.answer(value),
            None => page.no_answer(branch),
        }
    }
}

/// Runs a pattern and publishes its result as `finish` makes it.
pub(super) async fn combine<M, R, A: Serialize>(
    mut session: Session,
    pattern: MapReduce<M, R>,
    corpus: Corpus,
    finish: impl FnOnce(R, &mut Session) -> A,
    page: impl FnOnce(&mut Page, Option<&A>, &[Branch<M>]),
) -> Result<(), Error>
where
    M: Serialize + Clone + Send + Sync + 'static,
    R: Serialize + Clone + Send + Sync + 'static,
{
    let documents = corpus.stream().map_err(Error::from)?;
    let options = session.setup().run_options();
    if session.format == Format::Jsonl {
        let mut lines = Lines::begin(&mut session, None, |branch, _| branch_line(branch));
        let run = pattern.run(documents, &options);
        let ended = session.watch(lines.write_all(run)).await;
        let finish = |it| finish(it, &mut session);
        let ended = ended.map(|it| it.map(|it| it.map(finish)));
        return lines.end(session, ended).await;
    }
    let run = pattern.run(documents, &options);
    let ended = session.watch(run).await;
    let outcome = session.outcome(ended).await?;
    let outcome = outcome.map(|it| finish(it, &mut session));
    publish(session, Pattern::MapReduce, &outcome, |it, outcome| {
        page(it, outcome.value.as_ref().ok(), &outcome.branches);
    })
    .await
}
