//! `patterns vote`: one election, or a batch of them.

use std::sync::Arc;

use futures_util::stream;
use patterns_core::{Agent, Model, Money, Outcome, Pattern};
use patterns_parallel::{
    BallotTask, BatchElection, BatchTally, CourseStep, Election, Question, Vote, Voting,
    ballot_agent, course, vote_agent,
};
use serde::Serialize;
use serde_json::Value;

use super::panel::Panel;
use super::publish;
use super::section::unusable;
use crate::args::{Format, VoteArgs};
use crate::error::Error;
use crate::input::contract;
use crate::job::{BallotSpec, BatchQuestion, Questions, VoteWork, Work};
use crate::plan;
use crate::report::{
    BatchReport, Findings, Page, batch_line, course_page, election_line, election_page,
    outcome_line,
};
use crate::session::{Session, Surroundings};
use crate::terminal::{Style, Terminal};

pub(super) async fn run(args: &VoteArgs, terminal: Terminal) -> Result<(), Error> {
    let job = plan::vote(args)?;
    let session = Session::open(&job, Surroundings::from(&args.common), terminal).await?;
    let Work::Vote(work) = job.work else {
        return Ok(());
    };
    let panel = Panel::new(&session, &work);
    match &work.ballot {
        Some(BallotSpec { schema, answer }) => {
            let answer = answer.clone();
            let answer_of = move |ballot: &Value| counted(ballot.pointer(&answer)?);
            let cast = |model: &Arc<dyn Model>| {
                let contract = contract(schema).map_err(unusable)?;
                let model = Arc::clone(model);
                let agent = ballot_agent(model, contract, &panel.options);
                Ok(Arc::new(agent) as Arc<dyn Agent<BallotTask, Value>>)
            };
            let voting = panel.voting(cast, answer_of)?;
            hold(session, voting, &work, args.explain).await
        }
        None => {
            let cast = |model: &Arc<dyn Model>| {
                let agent = vote_agent(Arc::clone(model), panel.choices(), &panel.options);
                Ok(Arc::new(agent.map_err(unusable)?) as Arc<dyn Agent<BallotTask, Vote>>)
            };
            let answer_of = |vote: &Vote| Some(vote.answer.clone());
            let voting = panel.voting(cast, answer_of)?;
            hold(session, voting, &work, args.explain).await
        }
    }
}

/// Returns the answer that a ballot is counted by.
fn counted(answer: &Value) -> Option<String> {
    match answer {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

async fn hold<V: Serialize + Send + Sync + 'static>(
    session: Session,
    voting: Voting<V>,
    work: &VoteWork,
    explain: bool,
) -> Result<(), Error> {
    match &work.questions {
        Questions::One(text) => one(session, voting, question(text, None, work), explain).await,
        Questions::Batch(questions) => batch(session, voting, questions, work).await,
    }
}

fn question(text: &str, options: Option<&[String]>, work: &VoteWork) -> Question {
    Question::new(text)
        .options(options.unwrap_or(&work.options).iter().cloned())
        .context(work.context.iter().cloned())
}

/// An election, with its course if that was asked for.
#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    election: Election,
    /// What the ballots would have cost that were not asked for, in dollars, by those that were.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_saved: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    course: Option<Vec<CourseStep>>,
}

async fn one<V: Serialize + Send + Sync + 'static>(
    session: Session,
    voting: Voting<V>,
    question: Question,
    explain: bool,
) -> Result<(), Error> {
    let options = session.run_options();
    let run = session.watch(voting.run(question, &options));
    let Some(outcome) = run.await? else {
        return Ok(());
    };
    let stopper = voting.stopper().ok().filter(|_| explain);
    let spent = session.connected.budget.spent().committed.cost;
    let outcome = outcome.map(|election| {
        let asked = election.ballots.len() as u64;
        let saved = election.voters.saturating_sub(asked);
        Explained {
            cost_saved: saved_cost(spent, saved, asked),
            course: stopper.map(|stopper| course(&election.ballots, &stopper)),
            election,
        }
    });
    publish(session, Pattern::Voting, &outcome, |page, outcome| {
        if let Ok(Explained {
            election,
            cost_saved,
            course,
        }) = &outcome.value
        {
            election_page(page, election, cost_saved.as_deref(), &outcome.branches);
            if let Some(course) = course {
                course_page(page, course);
            }
        }
    })
    .await
}

/// How a batch ended, and what it says about its voters.
#[derive(Serialize)]
struct BatchEnd {
    #[serde(flatten)]
    tally: BatchTally,
    #[serde(flatten)]
    findings: Findings,
    /// As of a single election.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_saved: Option<String>,
}

/// Returns what ballots would have cost that were not asked for, by what those cost that were.
fn saved_cost(spent: Option<Money>, saved: u64, asked: u64) -> Option<String> {
    let spent = spent.filter(|it| saved > 0 && asked > 0 && *it > Money::ZERO)?;
    Some(spent.parts(saved, asked).to_string())
}

/// Holds all elections and writes each as soon as it is decided.
async fn batch<V: Serialize + Send + Sync + 'static>(
    mut session: Session,
    voting: Voting<V>,
    questions: &[BatchQuestion],
    work: &VoteWork,
) -> Result<(), Error> {
    let asked = questions.iter().map(|it| {
        let question = question(&it.question, it.options.as_deref(), work);
        (it.id.clone(), question)
    });
    let options = session.run_options();
    let format = session.format;
    let mut rows = session.rows();
    let mut failed = Vec::new();
    let mut report = BatchReport::default();
    let mut golds = questions.iter().map(|it| it.gold.as_deref());
    let run = voting.run_batch(
        stream::iter(asked),
        &options,
        |election: BatchElection<V>| {
            // Elections come in the order of their questions.
            let gold = golds.next().flatten();
            let is_right = report.add(&election.election, gold);
            rows.write(&match format {
                Format::Human | Format::Csv | Format::Parquet => batch_line(&election, is_right),
                Format::Json | Format::Jsonl => election_line(&election, gold.zip(is_right)),
            });
            let branches = election.branches.into_iter();
            failed.extend(branches.filter(|branch| branch.error().is_some()));
        },
    );
    let ended = session.watch(run).await;
    session.output = rows.finish()?;
    let Some(outcome) = ended? else {
        return Ok(());
    };
    let spent = session.connected.budget.spent().committed.cost;
    let mut outcome = outcome.map(|tally| BatchEnd {
        tally,
        findings: report.findings(),
        cost_saved: saved_cost(spent, report.saved(), report.ballots()),
    });
    let end = end_of_batch(&session, &outcome);
    session.output.write(&end)?;
    outcome.branches = failed;
    session.conclude(&outcome).await
}

fn end_of_batch<V: Serialize>(session: &Session, outcome: &Outcome<BatchEnd, V>) -> String {
    match (session.format, &outcome.value) {
        (Format::Json | Format::Jsonl, _) => {
            outcome_line(Pattern::Voting, &session.connected, outcome)
        }
        (
            Format::Human | Format::Csv | Format::Parquet,
            Ok(BatchEnd {
                tally,
                findings,
                cost_saved,
            }),
        ) => {
            let mut page = Page::new(session.output.paint(session.terminal), None);
            let BatchTally {
                decided,
                undecided,
                cut_short,
                ..
            } = tally;
            page.paragraph("");
            page.paragraph(&format!("{decided} decided, {undecided} without consensus"));
            if *cut_short > 0 {
                page.line(
                    Style::Yellow,
                    &format!(
                        "{cut_short} ended because the budget is used up, by the ballots that were in"
                    ),
                );
            }
            findings.page(&mut page);
            if let Some(cost) = cost_saved {
                page.line(Style::Dim, &format!("saved: about {cost}"));
            }
            page.finish()
        }
        (Format::Human | Format::Csv | Format::Parquet, Err(_)) => String::new(),
    }
}
