//! `patterns map-reduce --reduce`: code reduces the answers to a table.

use patterns_core::{Branch, Pattern};
use patterns_job::{Corpus, MapReduceWork, ReadBy};
use patterns_parallel::map_reduce::Table;
use serde::Serialize;

use crate::args::Format;
use crate::error::{Error, ErrorKind};
use crate::escape::escape_json;
use crate::report::{Page, outcome_json, table_page};
use crate::session::Session;
use crate::sheet::{Column, Sheet, json_lines};

/// Reduces answers by code: summaries, or those of the user's own shape.
pub(super) async fn run<M: Serialize + Send + Sync + 'static>(
    mut session: Session,
    work: &MapReduceWork,
    (map, corpus): (ReadBy<M>, Corpus),
) -> Result<(), Error> {
    // A map-reduce by code has it.
    let Some(code) = &work.code else {
        return Err(Error::new(ErrorKind::Bug, "there is nothing to compute"));
    };
    let pattern = work.table(map, code, (&corpus, &session.setup()));
    // The answers are in the table, the failures stay: they are named at the end.
    let mut failed: Vec<Branch<M>> = Vec::new();
    let options = session.setup().run_options();
    let documents = corpus.stream().map_err(Error::from)?;
    let run = session.watch(async {
        let mut run = pattern.run(documents, &options);
        while let Some(branch) = run.next().await {
            failed.extend(branch.error().is_some().then_some(branch));
        }
        run.await
    });
    let ended = run.await;
    let mut outcome = session.outcome(ended).await?;
    outcome.branches = failed;
    let text = match (session.format, &outcome.value) {
        (Format::Json, _) => {
            Ok(outcome_json(&session.frame(Pattern::MapReduce), &outcome).into_bytes())
        }
        (_, Ok(table)) => written(&session, table),
        (_, Err(_)) => Ok(Vec::new()),
    };
    session.write(text);
    session.conclude(&outcome).await
}

/// Writes a table. Where only its rows are data, what was wrong with the answers goes to stderr.
fn written(session: &Session, table: &Table) -> Result<Vec<u8>, Error> {
    if session.format == Format::Human {
        let paint = session.output.paint(session.terminal);
        let mut page = Page::new(paint, &session.labels());
        table_page(&mut page, table);
        return Ok(page.finish().into_bytes());
    }
    for problem in &table.problems {
        session.terminal.note(&problem.to_string());
    }
    let columns = Column::of_rows(&table.columns, &table.rows);
    let sheet = Sheet::begin(session.format, columns, session.output.is_terminal())?;
    let Some((mut sheet, mut bytes)) = sheet else {
        return Ok(escape_json(&json_lines(table)).into_owned().into_bytes());
    };
    for row in &table.rows {
        bytes.extend(sheet.row(row.clone())?);
    }
    sheet.end(|piece| bytes.extend(piece))?;
    Ok(bytes)
}
