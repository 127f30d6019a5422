//! The answers of a run, written one by one while it goes on.

use std::future::poll_fn;
use std::pin::pin;

use patterns_core::{Branch, Outcome, Pattern};
use patterns_job::Corpus;
use patterns_parallel::{MapReduce, RunError, Running};
use patterns_source::ColumnKind;
use serde::Serialize;
use serde_json::Value;

use crate::args::Format;
use crate::error::Error;
use crate::output::Rows;
use crate::report::{Page, branch_line, outcome_line, words};
use crate::session::Session;
use crate::sheet::{Column, Sheet, apart};

/// Writes each answer as soon as its turn has come.
///
/// `columns` are those of an answer, where they are written as a table, and `show` is for people.
pub(super) async fn write_rows<M: Serialize + Send + Sync + 'static>(
    mut session: Session,
    pattern: MapReduce<M, ()>,
    corpus: Corpus,
    (columns, show): (Vec<Column>, impl Fn(&mut Page, &M)),
) -> Result<(), Error> {
    let format = session.format;
    let paint = session.output.paint(session.terminal);
    let frame = RowColumns::new(columns, corpus.columns());
    let sheet = Sheet::begin(format, frame.all(), session.output.is_terminal())?;
    let sheet = sheet.map(|(sheet, head)| {
        (
            AnswerSheet {
                sheet,
                columns: frame.clone(),
            },
            head,
        )
    });
    if let Some(note) = frame.note.filter(|_| sheet.is_some()) {
        session.terminal.note(&note);
    }
    let mut lines = Lines::begin(&mut session, sheet, |branch, labels| match format {
        Format::Human => {
            let mut page = Page::new(paint, &std::mem::take(labels));
            row(&mut page, branch, &show);
            page.finish()
        }
        _ => branch_line(branch),
    });
    let options = session.setup().run_options();
    let documents = corpus.stream().map_err(Error::from)?;
    let run = pattern.run(documents, &options);
    let ended = session.watch(lines.write_all(run)).await;
    lines.end(session, ended).await
}

/// The branches of a run under way, written as they come; those that failed are named at the end.
pub(super) struct Lines<M, F> {
    rows: Rows,
    sheet: Option<AnswerSheet>,
    show: F,
    labels: Vec<String>,
    failed: Vec<Branch<M>>,
}

impl<M: Serialize, F: FnMut(&Branch<M>, &mut Vec<String>) -> String> Lines<M, F> {
    pub(super) fn begin(
        session: &mut Session,
        sheet: Option<(AnswerSheet, Vec<u8>)>,
        show: F,
    ) -> Self {
        let mut rows = session.rows();
        let sheet = sheet.map(|(sheet, head)| {
            rows.write(head);
            sheet
        });
        Self {
            rows,
            sheet,
            show,
            labels: session.labels(),
            failed: Vec::new(),
        }
    }

    /// Writes the branches of a run, each as soon as its turn has come: those that come together are written
    /// together, and nothing is held back while more is waited for.
    pub(super) async fn write_all<A>(
        &mut self,
        mut run: Running<'_, A, M>,
    ) -> Result<Outcome<A, M>, RunError> {
        loop {
            let mut next = pin!(run.next());
            let branch = poll_fn(|context| {
                let next = next.as_mut().poll(context);
                if next.is_pending() {
                    self.rows.send_on();
                }
                next
            });
            let Some(branch) = branch.await else { break };
            self.write(branch);
        }
        run.await
    }

    fn write(&mut self, branch: Branch<M>) {
        match &mut self.sheet {
            None => self.rows.hold((self.show)(&branch, &mut self.labels)),
            Some(sheet) => match sheet.row(&branch) {
                Ok(piece) => self.rows.hold(piece),
                Err(error) => self.rows.fail(error),
            },
        }
        if branch.error().is_some() {
            self.failed.push(branch);
        }
    }

    pub(super) async fn end<A: Serialize>(
        mut self,
        mut session: Session,
        ended: Result<Option<Outcome<A, M>>, Error>,
    ) -> Result<(), Error> {
        let is_sheet = self.sheet.is_some();
        if let Some(sheet) = self.sheet.take() {
            let ended = sheet.sheet.end(|piece| self.rows.write(piece));
            ended.unwrap_or_else(|error| self.rows.fail(error));
        }
        session.take_back(self.rows);
        let mut outcome = session.outcome(ended).await?;
        if session.format != Format::Human && !is_sheet {
            let end = outcome_line(&session.frame(Pattern::MapReduce), &outcome);
            session.write(Ok(end.into_bytes()));
        }
        outcome.branches = self.failed;
        session.conclude(&outcome).await
    }
}

fn row<M>(page: &mut Page, branch: &Branch<M>, show: impl Fn(&mut Page, &M)) {
    page.heading(&branch.label);
    match branch.value() {
        Some(value) => show(page, value),
        None => page.no_answer(branch),
    }
    page.gap();
}

/// Answers as the rows of a table: the document, what is kept of its row, the answer's fields, and what kept
/// it from one.
pub(super) struct AnswerSheet {
    sheet: Sheet,
    columns: RowColumns,
}

/// The columns of such a table.
#[derive(Clone)]
struct RowColumns {
    document: Column,
    /// Those of the input, and what they are called there.
    kept: Vec<(Column, String)>,
    answer: Vec<Column>,
    error: Column,
    /// What is to be said of names.
    note: Option<String>,
}

impl RowColumns {
    /// Adds the document before and the error behind, under names that no field has.
    fn new(answer: Vec<Column>, input: &[(String, ColumnKind)]) -> Self {
        let free = |name: &str| {
            let mut name = name.to_owned();
            while answer.iter().any(|it| it.name == name) {
                name.push('_');
            }
            Column::text(&name)
        };
        let (document, error) = (free("document"), free("error"));
        let own = answer.iter().chain([&document, &error]);
        let own: Vec<&str> = own.map(|it| it.name.as_str()).collect();
        let (kept, note) = apart(input, &own);
        let names = input.iter().map(|it| it.0.clone());
        Self {
            kept: kept.into_iter().zip(names).collect(),
            document,
            answer,
            error,
            note,
        }
    }

    fn all(&self) -> Vec<Column> {
        let kept = self.kept.iter().map(|it| &it.0);
        let all = std::iter::once(&self.document)
            .chain(kept)
            .chain(&self.answer);
        all.chain([&self.error]).cloned().collect()
    }
}

impl AnswerSheet {
    fn row<M: Serialize>(&mut self, branch: &Branch<M>) -> Result<Vec<u8>, Error> {
        // Plain data always has a written form.
        let answer = branch.value().and_then(|it| serde_json::to_value(it).ok());
        let answer = answer.unwrap_or_default();
        let input = branch.columns.as_deref();
        let of_input = |name: &String| input.and_then(|it| it.get(name)).cloned();
        let mut row = vec![Value::from(branch.label.as_str())];
        let kept = self.columns.kept.iter();
        row.extend(kept.map(|(_, name)| of_input(name).unwrap_or_default()));
        let fields = self.columns.answer.iter();
        row.extend(fields.map(|it| answer.get(&it.name).cloned().unwrap_or_default()));
        row.push(branch.error().map_or(Value::Null, |it| words(it).into()));
        self.sheet.row(row)
    }
}
