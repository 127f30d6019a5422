//! `patterns map-reduce`: an agent per document, then a combination, or the rows themselves.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use patterns_core::{Agent, Branch, Contract, Document, Pattern};
use patterns_job::{AgentReduce, Corpus, MapReduceJob, MapReduceWork, Reduce};
use patterns_llm::token_counter;
use patterns_parallel::MapReduce;
use patterns_parallel::map_reduce::{
    Combine, DocumentSummary, Reduction, Topology, combining_agent, reduce_agent, summary_agent,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::rows::{Lines, write_rows};
use super::value_agent::value_agent;
use super::{publish, reduce, statements, unusable};
use crate::args::Format;
use crate::error::Error;
use crate::launch::Launch;
use crate::report::{Page, branch_line, document_page};
use crate::session::Session;
use crate::sheet::Column;
use crate::terminal::Style;
use crate::written::Written;

pub(crate) async fn run(job: MapReduceJob, launch: Launch) -> Result<(), Error> {
    let written = Written::by(&launch.job, launch.names);
    written.check_files(&launch.job.files())?;
    let (inputs, source) = (job.inputs.clone(), job.source.clone());
    let work = MapReduceWork::read(job).map_err(|error| launch.told(error))?;
    written.check_documents(&inputs, launch.terminal)?;
    let corpus = Corpus::open(&inputs, &source, &launch.reader(&written));
    let mut corpus = corpus.map_err(|error| launch.told(error))?;
    let mut session =
        Session::open(&launch, |roles, settings| work.identity(roles, settings)).await?;
    session.allows_gaps = work.job.allow_gaps;
    corpus.count_as(session.connected.first().id());
    match (&work.job.reduce, &work.map_schema) {
        (Reduce::Code(_), _) => reduce::run(session, work, corpus).await,
        (Reduce::Statements(it), _) => {
            let it = it.clone();
            statements::run(session, work, corpus, it).await
        }
        (Reduce::None, None) => {
            let options = session.agent_options(work.job.map.instructions.as_deref());
            let model = Arc::clone(session.connected.first());
            let map = summary_agent(model, &options).map_err(unusable)?;
            let show = |page: &mut Page, it: &DocumentSummary| page.paragraph(&it.summary);
            let columns = vec![Column::text("summary"), Column::integer("word_count")];
            write_rows(session, Arc::new(map), corpus, (columns, show)).await
        }
        (Reduce::None, Some(schema)) => {
            let map = value_agent(&session, &work, schema)?;
            let columns = Column::of_schema(schema);
            write_rows(session, map, corpus, (columns, Page::answer)).await
        }
        (Reduce::Agent(agent), map) => {
            let agent = agent.clone();
            match (map, &work.reduce_schema) {
                (None, None) => combine_summaries(session, work, corpus, agent).await,
                _ => combine_values(session, work, corpus, agent).await,
            }
        }
    }
}

async fn combine_summaries(
    session: Session,
    work: MapReduceWork,
    corpus: Corpus,
    agent: AgentReduce,
) -> Result<(), Error> {
    let model = Arc::clone(session.connected.first());
    let map = session.agent_options(work.job.map.instructions.as_deref());
    let reduce = session.agent_options(agent.instructions.as_deref());
    let map = summary_agent(Arc::clone(&model), &map).map_err(unusable)?;
    let mut pattern = Combine::summaries(Arc::clone(&model), &reduce).map_err(unusable)?;
    if let Some(more) = &agent.inner_instructions {
        let inner = session.agent_options(Some(more));
        let inner = combining_agent(model, &inner).map_err(unusable)?;
        pattern = pattern.inner(inner);
    }
    let (map, calls) = (Arc::new(map), Calls::from(&agent));
    combine(
        session,
        map,
        pattern,
        (calls, corpus),
        |it| it,
        summary_page,
    )
    .await
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

/// Works with answers of the user's own shape, on at least one side.
async fn combine_values(
    session: Session,
    work: MapReduceWork,
    corpus: Corpus,
    agent: AgentReduce,
) -> Result<(), Error> {
    let model = Arc::clone(session.connected.first());
    let map_schema = value_schema(work.map_schema.as_ref(), "document_summary", "summary");
    let map = value_agent(&session, &work, &map_schema)?;
    let reduce_schema = value_schema(work.reduce_schema.as_ref(), "reduction", "combined_summary");
    let reduce = |more| {
        let contract = Contract::from_schema(reduce_schema.clone()).map_err(unusable)?;
        let options = session.agent_options(more);
        let model = Arc::clone(&model);
        Ok::<_, Error>(reduce_agent::<Value, Value>(model, contract, &options))
    };
    let mut pattern = Combine::by(reduce(agent.instructions.as_deref())?);
    if let Some(more) = &agent.inner_instructions {
        pattern = pattern.inner(reduce(Some(more))?);
    }
    if work.map_schema == work.reduce_schema && agent.instructions.is_none() {
        pattern = pattern.alone(Value::clone);
    }
    let calls = Calls::from(&agent);
    combine(session, map, pattern, (calls, corpus), |it| it, value_page).await
}

/// Returns the user's schema, or that of one text where there is none.
fn value_schema(schema: Option<&Value>, title: &str, field: &str) -> Value {
    let text = || {
        json!({
            "title": title,
            "type": "object",
            "properties": {field: {"type": "string"}},
            "required": [field],
        })
    };
    schema.cloned().unwrap_or_else(text)
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
            None => page.line(Style::Red, "(this document could not be worked on)"),
        }
    }
}

/// Which answers a call combines.
pub(super) struct Calls {
    pub(super) topology: Topology,
    pub(super) tokens: Option<NonZeroU64>,
    pub(super) fan_in: Option<NonZeroU32>,
}

impl From<&AgentReduce> for Calls {
    fn from(agent: &AgentReduce) -> Self {
        Self {
            topology: agent.topology,
            tokens: agent.tokens,
            fan_in: agent.fan_in,
        }
    }
}

/// Runs a pattern and publishes its result as `finish` makes it.
pub(super) async fn combine<M, R, A: Serialize>(
    mut session: Session,
    map: Arc<dyn Agent<Document, M>>,
    mut pattern: Combine<M, R>,
    (calls, corpus): (Calls, Corpus),
    finish: impl FnOnce(R) -> A,
    page: impl FnOnce(&mut Page, Option<&A>, &[Branch<M>]),
) -> Result<(), Error>
where
    M: Serialize + Clone + Send + Sync + 'static,
    R: Serialize + Clone + Send + Sync + 'static,
{
    if let Some(tokens) = calls.tokens {
        pattern = pattern.tokens(tokens.get());
    }
    if let Some(mean) = calls.fan_in {
        pattern = pattern.fan_in(mean.get());
    }
    if let Some(counter) = token_counter(session.connected.first().id()) {
        pattern = pattern.counted_by(counter);
    }
    let mut pattern = MapReduce::new(map, pattern.topology(calls.topology));
    if let Some(splitter) = corpus.splitter() {
        pattern = pattern.split(splitter);
    }
    let documents = corpus.stream().map_err(Error::from)?;
    let options = session.run_options();
    if session.format == Format::Jsonl {
        let mut lines = Lines::begin(&mut session, None, |branch, _| branch_line(branch));
        let ended = session
            .watch(async {
                let mut run = pattern.run(documents, &options);
                while let Some(branch) = run.next().await {
                    lines.write(branch);
                }
                run.await
            })
            .await;
        let ended = ended.map(|it| it.map(|it| it.map(finish)));
        return lines.end(session, ended).await;
    }
    let run = pattern.run(documents, &options);
    let Some(outcome) = session.watch(run).await? else {
        return Ok(());
    };
    let outcome = outcome.map(finish);
    publish(session, Pattern::MapReduce, &outcome, |it, outcome| {
        page(it, outcome.value.as_ref().ok(), &outcome.branches);
    })
    .await
}
