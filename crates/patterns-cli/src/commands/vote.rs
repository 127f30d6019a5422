//! `patterns vote`: one election, or a batch of them.

use std::sync::Arc;

use futures_util::stream;
use patterns_core::{Agent, Caps, Contract, Model, Money, Outcome, Pattern};
use patterns_job::{BallotSpec, BatchQuestion, Questions, VoteJob, VoteWork};
use patterns_parallel::voting::{
    AnyDetail, AnyRule, BallotTask, BatchElection, BatchTally, Election, Standing, StopReason,
    Vote, Voter, ballot_agent_for, name_option, named_option, number_agent, vote_agent,
};
use patterns_parallel::{AgentOptions, Panel, Question, Voting};
use serde::Serialize;
use serde_json::Value;

use super::panel::{Judge, VoteSetup};
use super::{publish, unusable};
use crate::args::Format;
use crate::error::{Error, ErrorKind};
use crate::launch::Launch;
use crate::report::{
    BatchReport, Findings, Page, batch_line, course_page, election_line, election_page,
    outcome_line, unasked_json, unasked_line,
};
use crate::session::Session;
use crate::terminal::Style;
use crate::written::Written;

pub(crate) async fn run(job: VoteJob, launch: Launch) -> Result<(), Error> {
    let written = Written::by(&launch.job, launch.names);
    written.check_files(&launch.job.files())?;
    written.check_documents(&job.context, launch.terminal)?;
    let work = VoteWork::read(job, &launch.reader(&written));
    let work = work.map_err(|error| launch.told(error))?;
    let session = Session::open(&launch, |roles, settings| work.identity(roles, settings)).await?;
    let setup = VoteSetup::new(&session, &work);
    match (&work.ballot, &work.rule) {
        (Some(spec), _) => {
            let pointer = spec.answer.clone();
            let answer_of = move |ballot: &Value| counted(ballot.pointer(&pointer)?);
            let cast = |model: &Arc<dyn Model>| {
                let agent = own_ballot(Arc::clone(model), spec.clone(), &setup.options);
                Ok(Voter::new(agent))
            };
            let choices = spec.choices();
            let has_choices = work.job.options.is_empty() && !choices.is_empty();
            let voting =
                setup.voting(cast, answer_of, |panel: Panel<Value>| match has_choices {
                    true => panel.counted_as(move |answer| {
                        named_option(&choices, answer).map(str::to_owned)
                    }),
                    false => panel,
                })?;
            hold(session, voting, &work).await
        }
        (None, AnyRule::Median(_)) => {
            let cast = |model: &Arc<dyn Model>| {
                let agent = number_agent(Arc::clone(model), &setup.options);
                let agent = agent.map_err(unusable)?;
                Ok(Voter::new(agent))
            };
            let voting = setup.voting(cast, |vote| Some(vote.answer.to_string()), |it| it)?;
            hold(session, voting, &work).await
        }
        (None, _) => {
            let cast = |model: &Arc<dyn Model>| {
                let agent = vote_agent(Arc::clone(model), &setup.options);
                Ok(Voter::new(agent))
            };
            let voting = setup.voting(cast, |vote: &Vote| Some(vote.answer.clone()), |it| it)?;
            hold(session, voting, &work).await
        }
    }
}

/// Makes the agent that casts the user's own ballot, whose answer is one of the options.
fn own_ballot(
    model: Arc<dyn Model>,
    spec: BallotSpec,
    options: &AgentOptions,
) -> impl Agent<BallotTask, Value> + 'static {
    ballot_agent_for(model, options, move |options| {
        let contract = Contract::from_schema(spec.schema_for(options))?;
        let pointer = spec.answer.clone();
        let options = if options.is_empty() {
            spec.choices()
        } else {
            options.to_vec()
        };
        Ok(contract.mended_by(move |ballot| name_option(&options, ballot.pointer_mut(&pointer))))
    })
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
    voting: Voting<V, AnyRule<Judge>>,
    work: &VoteWork,
) -> Result<(), Error> {
    match &work.questions {
        Questions::One(text) => {
            one(
                session,
                voting,
                question(text, &work.job.options, work),
                work.job.explain,
            )
            .await
        }
        Questions::Batch(questions) => batch(session, voting, questions, work).await,
    }
}

fn question(text: &str, options: &[String], work: &VoteWork) -> Question {
    Question::new(text)
        .options(options.iter().cloned())
        .context(work.context.iter().cloned())
}

/// An election, with its course if that was asked for.
#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    election: Election<String, AnyDetail>,
    /// What the ballots would have cost that were not asked for, in dollars, by those that were.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_saved: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    course: Option<Vec<Standing>>,
}

async fn one<V: Serialize + Send + Sync + 'static>(
    mut session: Session,
    voting: Voting<V, AnyRule<Judge>>,
    question: Question,
    explain: bool,
) -> Result<(), Error> {
    let options = session.setup().run_options();
    let run = session.watch(voting.run(question, &options));
    let Some(outcome) = run.await? else {
        return Ok(());
    };
    let spent = session.connected.budget.spent().committed.cost;
    let outcome = outcome.map(|election| {
        let asked = election.ballots.len() as u64;
        let saved = election.voters.saturating_sub(asked);
        Explained {
            cost_saved: saved_cost(spent, saved, asked),
            course: explain
                .then(|| voting.standings(&election.ballots).ok())
                .flatten(),
            election,
        }
    });
    if let Ok(Explained { election, .. }) = &outcome.value
        && election.stop_reason == StopReason::CallsSpent
    {
        let (asked, most) = (election.ballots.len(), election.voters);
        let message = format!("the budget is used up: {asked} of {most} voters were asked");
        session.shortfall = Some(out_of_budget(session.caps(), message));
    }
    publish(session, Pattern::Voting, &outcome, |page, outcome| {
        if let Ok(Explained {
            election,
            cost_saved,
            course,
        }) = &outcome.value
        {
            election_page(page, election, cost_saved.as_deref(), &outcome.branches);
            if let Some(course) = course {
                course_page(page, course, &outcome.branches);
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

/// Says that a budget ended elections before their time, and how to give them more.
fn out_of_budget(caps: Caps, message: String) -> Error {
    let mut options = Vec::new();
    options.extend(caps.max_calls.map(|_| "--max-calls"));
    options.extend(caps.max_tokens.map(|_| "--max-tokens"));
    options.extend(caps.max_cost.map(|_| "--max-cost"));
    let help = format!(
        "what was answered is counted and kept; to do more, raise {}",
        options.join(" or ")
    );
    Error::new(ErrorKind::Budget, message).help(&help)
}

/// Returns what ballots would have cost that were not asked for, by what those cost that were.
fn saved_cost(spent: Option<Money>, saved: u64, asked: u64) -> Option<String> {
    let spent = spent.filter(|it| saved > 0 && asked > 0 && *it > Money::ZERO)?;
    Some(spent.parts(saved, asked).to_string())
}

/// Holds all elections and writes each as soon as it is decided.
async fn batch<V: Serialize + Send + Sync + 'static>(
    mut session: Session,
    voting: Voting<V, AnyRule<Judge>>,
    questions: &[BatchQuestion],
    work: &VoteWork,
) -> Result<(), Error> {
    let asked = questions.iter().map(|it| {
        let question = question(&it.question, work.options_of(Some(it)), work);
        (it.id.clone(), question)
    });
    let options = session.setup().run_options();
    let format = session.format;
    let mut rows = session.rows();
    let mut failed = Vec::new();
    let mut report = BatchReport::new(work);
    let mut in_turn = questions.iter();
    let run = voting.run_batch(
        stream::iter(asked),
        &options,
        |election: BatchElection<V, String, AnyDetail>| {
            // Elections come in the order of their questions.
            let row = in_turn.next();
            let gold = row.and_then(|it| it.gold.as_deref());
            let is_right = report.add(&election.election, row);
            rows.write(&match format {
                Format::Human | Format::Csv | Format::Parquet => batch_line(&election, is_right),
                Format::Json | Format::Jsonl => election_line(&election, gold.zip(is_right)),
            });
            let branches = election.branches.into_iter();
            failed.extend(branches.filter(|branch| branch.error().is_some()));
        },
    );
    let ended = session.watch(run).await;
    let is_cut = matches!(&ended, Ok(Some(it)) if it.value.as_ref().is_ok_and(is_cut_short));
    let mut never_begun = 0;
    if is_cut {
        for row in in_turn {
            never_begun += 1;
            rows.write(unasked(&row.id, format));
        }
    }
    session.output = rows.finish()?;
    let Some(outcome) = ended? else {
        return Ok(());
    };
    let spent = session.connected.budget.spent().committed.cost;
    let mut outcome = outcome.map(|mut tally| {
        tally.unasked += never_begun;
        BatchEnd {
            tally,
            findings: report.findings(),
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
    session.output.write(&end)?;
    outcome.branches = failed;
    session.conclude(&outcome).await
}

/// Writes a question that was put to nobody.
fn unasked(id: &str, format: Format) -> String {
    match format {
        Format::Human | Format::Csv | Format::Parquet => unasked_line(id),
        Format::Json | Format::Jsonl => unasked_json(id),
    }
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
                unasked,
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
            if *unasked > 0 {
                let line = format!("{unasked} not asked: the budget is used up");
                page.line(Style::Yellow, &line);
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
