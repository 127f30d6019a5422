//! `patterns map-reduce --reduce`: code reduces the answers to a table.

use std::sync::Arc;

use patterns_core::{Agent, Branch, Document, Pattern};
use patterns_job::{CodeWork, Corpus, MapReduceWork};
use patterns_parallel::map_reduce::{MapReduce, Table, Tabulate, key_agent, summary_agent};
use serde::Serialize;

use super::unusable;
use super::value_agent::value_agent;
use crate::args::Format;
use crate::error::{Error, ErrorKind};
use crate::escape::{escape, escape_json};
use crate::report::{Page, outcome_json, problem_line, table_page};
use crate::session::Session;
use crate::sheet::{Column, Sheet, csv_table, json_lines};

/// Reduces answers by code: summaries, or those of the user's own shape.
pub(super) async fn run(
    session: Session,
    work: MapReduceWork,
    corpus: Corpus,
) -> Result<(), Error> {
    // A map-reduce by code has it.
    let Some(code) = work.code.clone() else {
        return Err(Error::new(ErrorKind::Bug, "there is nothing to compute"));
    };
    match &work.map_schema {
        None => {
            let options = session.agent_options(work.job.map.instructions.as_deref());
            let model = Arc::clone(session.connected.first());
            let map = summary_agent(model, &options).map_err(unusable)?;
            tabulate(session, Arc::new(map), corpus, code).await
        }
        Some(schema) => {
            let map = value_agent(&session, &work, schema)?;
            tabulate(session, map, corpus, code).await
        }
    }
}

async fn tabulate<M: Serialize + Send + Sync + 'static>(
    mut session: Session,
    map: Arc<dyn Agent<Document, M>>,
    corpus: Corpus,
    code: CodeWork,
) -> Result<(), Error> {
    let mut table = Tabulate::new(code.reduce);
    if code.resolve_keys {
        let model = Arc::clone(session.connected.first());
        let same = key_agent(model, &session.agent_options(None)).map_err(unusable)?;
        table = table.resolve_keys(same);
    }
    let mut pattern = MapReduce::new(map, table);
    if let Some(splitter) = corpus.splitter() {
        pattern = pattern.split(splitter);
    }
    // The answers are in the table, the failures stay: they are named at the end.
    let mut failed: Vec<Branch<M>> = Vec::new();
    let options = session.run_options();
    let documents = corpus.stream().map_err(Error::from)?;
    let run = session.watch(async {
        let mut run = pattern.run(documents, &options);
        while let Some(branch) = run.next().await {
            failed.extend(branch.error().is_some().then_some(branch));
        }
        run.await
    });
    let Some(mut outcome) = run.await? else {
        return Ok(());
    };
    outcome.branches = failed;
    let text = match (session.format, &outcome.value) {
        (Format::Json, _) => {
            outcome_json(Pattern::MapReduce, &session.connected, &outcome).into_bytes()
        }
        (_, Ok(table)) => written(&session, table)?,
        (_, Err(_)) => Vec::new(),
    };
    session.output.write(text)?;
    session.conclude(&outcome).await
}

/// Writes a table. Where only its rows are data, what was wrong with the answers goes to stderr.
fn written(session: &Session, table: &Table) -> Result<Vec<u8>, Error> {
    if session.format == Format::Human {
        let paint = session.output.paint(session.terminal);
        let mut page = Page::new(paint, session.connected.notice);
        table_page(&mut page, table);
        return Ok(page.finish().into_bytes());
    }
    for problem in &table.problems {
        session.terminal.note(&problem_line(problem));
    }
    Ok(match session.format {
        Format::Csv if session.output.is_terminal() => {
            escape(&csv_table(table)).into_owned().into_bytes()
        }
        Format::Csv => csv_table(table).into_bytes(),
        Format::Parquet => {
            let columns = Column::of_rows(&table.columns, &table.rows);
            let mut sheet = Sheet::parquet(columns)?;
            let mut bytes = Vec::new();
            for row in &table.rows {
                bytes.extend(sheet.row(row.clone())?);
            }
            bytes.extend(sheet.end()?);
            bytes
        }
        _ => escape_json(&json_lines(table)).into_owned().into_bytes(),
    })
}
