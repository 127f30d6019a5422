//! `patterns map-reduce --statements`: statements whose sources and quotes code has checked.

use patterns_core::Branch;
use patterns_job::{Corpus, Statement, Statements, SupportCounts};
use patterns_parallel::MapReduce;
use serde::Serialize;

use super::combine;
use crate::commands::show::Trace;
use crate::error::Error;
use crate::report::{Page, flagged_page, statement_page, support_line};
use crate::session::Session;
use crate::terminal::Style;

/// The combined statements, and what the checks of all answers on the way found.
#[derive(Clone, Debug, Serialize)]
struct StatementReport {
    statements: Vec<Statement>,
    checked: SupportCounts,
    /// What was wrong on the way, by the answer it was in.
    flagged: Vec<Flagged>,
}

#[derive(Clone, Debug, Serialize)]
struct Flagged {
    answer: String,
    #[serde(flatten)]
    statement: Statement,
}

/// Combines statements.
pub(super) async fn run(
    session: Session,
    pattern: MapReduce<Statements, Statements>,
    corpus: Corpus,
) -> Result<(), Error> {
    let finish = |result: Statements, session: &mut Session| {
        let (statements, answers) = (result.statements.clone(), result.answers());
        // Plain data always has a written form.
        let text = serde_json::to_string(&Trace {
            statements,
            answers,
        })
        .unwrap_or_default();
        session.trace = Some(text);
        report(result)
    };
    combine(session, pattern, corpus, finish, page).await
}

fn report(result: Statements) -> StatementReport {
    let (flagged, checked) = (result.flagged().into_iter(), result.checked());
    StatementReport {
        statements: result.statements,
        checked,
        flagged: flagged
            .map(|(answer, statement)| Flagged { answer, statement })
            .collect(),
    }
}

fn page(page: &mut Page, report: Option<&StatementReport>, branches: &[Branch<Statements>]) {
    if let Some(report) = report {
        for statement in &report.statements {
            statement_page(page, statement);
        }
        page.gap();
        page.line(Style::Dim, &support_line(&report.checked));
        for it in &report.flagged {
            flagged_page(page, &it.answer, &it.statement);
        }
    }
    for branch in branches.iter().filter(|it| it.value().is_none()) {
        page.gap();
        page.heading(&branch.label);
        page.no_answer(branch);
    }
}
