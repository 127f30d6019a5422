//! `patterns vote --batch`: an election for each row of a file, each written as soon as it is decided,
//! and a word on each question that has none.

use std::sync::Arc;

use patterns_core::{Branch, Outcome, Pattern};
use patterns_job::{AnyVoting, BatchQuestion, BatchTurns, VoteWork};
use patterns_parallel::voting::{BatchElection, BatchTally, Decision, Election, StopReason};
use serde::Serialize;
use serde_json::Value;

use super::batch_sheet::BatchColumns;
use super::kept::KeptElections;
use super::lack::Lack;
use super::{batch_sheet, out_of_budget, saved_cost};
use crate::args::Format;
use crate::error::Error;
use crate::output::Rows;
use crate::report::{
    BatchFigures, BatchReport, Observers, Page, batch_line, election_line, outcome_line,
};
use crate::session::Session;
use crate::sheet::Sheet;
use crate::terminal::{Paint, Style};

/// What an election with spare ballots costs a batch under a budget.
const UNSHARED: &str = "with vote.spare the calls are not shared among the questions: the first may use them \
    up; leave it out to give each call to the question that gains most from it";

/// Holds all elections.
pub(super) async fn run(
    mut session: Session,
    voting: &AnyVoting,
    questions: &[BatchQuestion],
    work: &VoteWork,
) -> Result<(), Error> {
    let options = session.setup().run_options();
    if work.leaves_calls_unshared(session.caps()) {
        session.terminal.labelled_note("warning", UNSHARED);
    }
    let mut batch = BatchRows::new(&mut session, questions, work)?;
    let mut not_begun = questions.iter();
    let asked = work.asked(not_begun.by_ref());
    let ended = session
        .watch(voting.run_batch(asked, &options).each(|it| batch.add(it)))
        .await;
    let is_cut = matches!(&ended, Ok(Some(it)) if it.value.as_ref().is_ok_and(is_cut_short));
    let not_begun = not_begun.len();
    let lack = match is_cut {
        true => Lack::NotAsked,
        false => Lack::NotBegun,
    };
    let is_table = batch.sheet.is_some();
    batch.end(not_begun, lack);
    let lacking = lacking(questions.len(), batch.broken_off, batch.not_begun);
    session.lacking = lacking.filter(|_| !is_cut);
    session.trace = batch.kept.as_ref().and_then(KeptElections::json);
    let BatchRows {
        rows,
        report,
        failed,
        ..
    } = batch;
    session.take_back(rows);
    let ended = session.outcome(ended).await;
    let outcome = ended.map_err(|error| error.lacking(session.lacking.take()))?;
    let spent = session.connected.budget.spent().committed.cost;
    let mut outcome = outcome.with_branches(Vec::new()).map(|mut tally| {
        tally.unasked += not_begun as u64;
        BatchEnd {
            tally,
            figures: report.figures(),
            cost_saved: saved_cost(spent, report.saved(), report.ballots()),
        }
    });
    if let Ok(BatchEnd { tally, .. }) = &outcome.value
        && is_cut_short(tally)
    {
        let message = budget_ended(tally, questions.len());
        session.shortfall = Some(out_of_budget(session.caps(), message));
    }
    let end = end_of_batch(&session, &outcome);
    match is_table {
        // A table has its rows and nothing else; what is said of all of them is talk.
        true => {
            let lines = end.lines().filter(|it| !it.is_empty());
            lines.for_each(|it| session.terminal.note(it));
        }
        false => session.write(Ok(end.into_bytes())),
    }
    outcome.branches = failed;
    session.conclude(&outcome).await
}

/// The rows of a batch, as they are written.
struct BatchRows<'a> {
    rows: Rows,
    sheet: Option<(Sheet, BatchColumns)>,
    format: Format,
    report: BatchReport<'a>,
    turns: BatchTurns<'a>,
    /// What the record of the run keeps of them, if there is one.
    kept: Option<KeptElections>,
    failed: Vec<Branch<Value>>,
    /// Who shows how far the batch is.
    observers: Arc<Observers>,
    /// How many questions there are, and of how many it is known what came of them.
    questions: u64,
    decided: u64,
    /// Whether there is any.
    is_any: bool,
    broken_off: usize,
    not_begun: usize,
}

impl<'a> BatchRows<'a> {
    fn new(
        session: &mut Session,
        questions: &'a [BatchQuestion],
        work: &'a VoteWork,
    ) -> Result<Self, Error> {
        let is_shown = session.output.is_terminal();
        let observers = session.observers();
        observers.questions(0, questions.len() as u64);
        let mut rows = session.rows();
        Ok(Self {
            sheet: BatchColumns::begin(session, &work.columns, &mut rows, is_shown)?,
            rows,
            format: session.format,
            report: BatchReport::new(work),
            kept: session.is_recorded().then(KeptElections::default),
            turns: BatchTurns::new(questions),
            failed: Vec::new(),
            observers,
            questions: questions.len() as u64,
            decided: 0,
            is_any: false,
            broken_off: 0,
            not_begun: 0,
        })
    }

    /// Writes an election, and that those before it were broken off which should have come first.
    fn add(&mut self, branch: Branch<BatchElection<Value>>) {
        let Some(election) = branch.into_value() else {
            return;
        };
        self.decided += 1;
        self.observers.questions(self.decided, self.questions);
        let (broken_off, row) = self.turns.take(&election.id);
        self.broken_off += broken_off.len();
        self.lack(broken_off, Lack::BrokenOff);
        let Election {
            decision,
            stop_reason,
            ..
        } = election.election;
        if decision == Decision::NotAsked && stop_reason != StopReason::CallsSpent {
            self.not_begun += 1;
            let questions = row.map(std::slice::from_ref).unwrap_or_default();
            return self.lack(questions, Lack::NotBegun);
        }
        self.is_any = true;
        let gold = row.and_then(|it| it.gold.as_deref());
        let is_right = self.report.add(&election.election, row);
        if let Some(kept) = &mut self.kept {
            let line = election_line(&election, gold.zip(is_right), None);
            kept.add(&line, row.map_or("", |it| &it.question));
        }
        if self.sheet.is_some() {
            self.table_row(batch_sheet::row(&election, row, is_right), row);
        } else {
            self.rows.write(&match self.format {
                Format::Json | Format::Jsonl => {
                    let columns = row.and_then(|it| it.columns.as_ref());
                    election_line(&election, gold.zip(is_right), columns)
                }
                _ => batch_line(&election, is_right),
            });
        }
        let branches = election.branches.into_iter();
        self.failed
            .extend(branches.filter(|branch| branch.error().is_some()));
    }

    /// Writes that there is no election of the other questions, of which so many were not begun. Where
    /// none came to an end, there is no result that could be taken for a whole one.
    fn end(&mut self, not_begun: usize, lack: Lack) {
        let (broken_off, not_begun) = self.turns.rest(not_begun);
        self.broken_off += broken_off.len();
        self.not_begun += not_begun.len();
        if self.is_any {
            self.lack(broken_off, Lack::BrokenOff);
            self.lack(not_begun, lack);
        }
        if let Some((sheet, _)) = self.sheet.take()
            && let Err(error) = sheet.end(|piece| self.rows.write(piece))
        {
            self.rows.fail(error);
        }
    }

    fn lack(&mut self, questions: &[BatchQuestion], lack: Lack) {
        for question in questions {
            match self.sheet {
                Some(_) => self.table_row(lack.table_row(question), Some(question)),
                None => self.rows.write(lack.row(question, self.format)),
            }
        }
    }

    fn table_row(&mut self, row: Vec<Value>, question: Option<&BatchQuestion>) {
        let Some((sheet, columns)) = &mut self.sheet else {
            return;
        };
        match sheet.row(columns.with_kept(row, question)) {
            Ok(piece) => self.rows.write(piece),
            Err(error) => self.rows.fail(error),
        }
    }
}

/// Says how many questions a run that was ended has no result for, if there are any.
fn lacking(questions: usize, broken_off: usize, not_begun: usize) -> Option<String> {
    let were = |count: usize, what: &str| {
        let word = if count == 1 { "was" } else { "were" };
        (count > 0).then(|| format!("{count} {word} {what}"))
    };
    let parts = [were(broken_off, "broken off"), were(not_begun, "not begun")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let of = format!("of {questions} questions, ");
    (!parts.is_empty()).then(|| of + &parts.join(" and "))
}

/// How a batch ended, and what it says about its voters.
#[derive(Serialize)]
struct BatchEnd {
    #[serde(flatten)]
    tally: BatchTally,
    #[serde(flatten)]
    figures: BatchFigures,
    /// As of a single election.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_saved: Option<String>,
}

/// Says what the end of the budget means for a batch.
fn budget_ended(tally: &BatchTally, questions: usize) -> String {
    let mut message = format!("the budget is used up: of {questions} questions");
    if tally.cut_short > 0 {
        message += &format!(
            " {} were decided by the ballots that were in",
            tally.cut_short
        );
    }
    if tally.unasked > 0 {
        let and = if tally.cut_short > 0 { " and" } else { "" };
        message += &format!("{and} {} were not asked", tally.unasked);
    }
    message
}

/// Returns whether a budget ended a batch before its time.
fn is_cut_short(tally: &BatchTally) -> bool {
    tally.unasked + tally.cut_short > 0
}

fn end_of_batch(session: &Session, outcome: &Outcome<BatchEnd, Value>) -> String {
    match (session.format, &outcome.value) {
        (Format::Json | Format::Jsonl, _) => outcome_line(&session.frame(Pattern::Voting), outcome),
        (
            Format::Human | Format::Csv | Format::Parquet | Format::Sqlite | Format::Html,
            Ok(BatchEnd {
                tally,
                figures,
                cost_saved,
            }),
        ) => {
            let paint = match session.format {
                Format::Human => session.output.paint(session.terminal),
                _ => Paint::plain(),
            };
            let mut page = Page::new(paint, &[]);
            let BatchTally {
                decided,
                undecided,
                unasked,
                cut_short,
            } = tally;
            page.paragraph("");
            page.paragraph(&format!("{decided} decided, {undecided} without consensus"));
            // Beside a table, it is said on stderr in any case.
            let labels = session.labels().into_iter();
            for label in labels.filter(|_| session.format == Format::Human) {
                page.line(Style::Dim, &format!("[{label}]"));
            }
            if *cut_short > 0 {
                page.line(
                    Style::Yellow,
                    &format!(
                        "{cut_short} ended because the budget is used up, by the ballots that were in"
                    ),
                );
            }
            if *unasked > 0 {
                let line = format!("{unasked} not asked: the budget is used up");
                page.line(Style::Yellow, &line);
            }
            figures.page(&mut page, cost_saved.as_deref());
            page.finish()
        }
        (_, Err(_)) => String::new(),
    }
}
