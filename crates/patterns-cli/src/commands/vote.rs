//! `patterns vote`: one election, or a batch of them.

use std::sync::Arc;

use futures_util::stream;
use patterns_core::{Outcome, Pattern};
use patterns_parallel::{
    BatchElection, BatchTally, CourseStep, Election, Question, TieBreak, Voting, VotingRule, course,
};
use serde::Serialize;
use serde_json::Value;

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
use crate::terminal::Terminal;

pub(super) async fn run(args: &VoteArgs, terminal: Terminal) -> Result<(), Error> {
    let job = plan::vote(args)?;
    let session = Session::open(&job, Surroundings::from(&args.common), terminal).await?;
    let Work::Vote(work) = job.work else {
        return Ok(());
    };
    let options = session.agent_options(None);
    let models = session.connected.models.clone();
    // In a batch each question may have its own options, which its words tell.
    let choices: &[String] = match &work.questions {
        Questions::One(_) => &work.options,
        Questions::Batch(_) => &[],
    };
    match (&work.ballot, &work.rule) {
        (Some(BallotSpec { schema, answer }), _) => {
            let contract = contract(schema).map_err(unusable)?;
            let answer = answer.clone();
            let model = Arc::clone(&models[0]);
            let voting = Voting::with_contract(model, contract, &options, move |ballot: &Value| {
                counted(ballot.pointer(&answer)?)
            });
            let voting = set_up(voting, &work, |ballot| {
                ballot
                    .get("confidence")
                    .and_then(Value::as_f64)
                    .unwrap_or_default()
            });
            hold(session, voting, &work, args.explain).await
        }
        (None, VotingRule::Ranked(_)) => {
            let model = Arc::clone(&models[0]);
            let voting = Voting::with_rankings(model, choices, &options).map_err(unusable)?;
            let voting = set_up(voting, &work, |_| 1.0);
            hold(session, voting, &work, args.explain).await
        }
        (None, _) => {
            let voting = if let [model] = models.as_slice() {
                Voting::with_model(Arc::clone(model), choices, &options)
            } else {
                Voting::with_models(models, choices, &options)
            };
            let voting = set_up(voting.map_err(unusable)?, &work, |vote| vote.confidence);
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

fn set_up<V>(mut voting: Voting<V>, work: &VoteWork, confidence: fn(&V) -> f64) -> Voting<V>
where
    V: 'static,
{
    if let Some(voters) = work.voters {
        voting = voting.voters(voters);
    }
    if work.tie_is_no_consensus {
        voting = voting.tie_break(TieBreak::NoConsensus);
    }
    let voting = voting.weighted_by(confidence).rule(work.rule.clone());
    voting.policy(work.policy.clone()).quorum(work.quorum)
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
    let outcome = outcome.map(|election| Explained {
        course: stopper.map(|stopper| course(&election.ballots, &stopper)),
        election,
    });
    publish(session, Pattern::Voting, &outcome, |page, outcome| {
        if let Ok(Explained { election, course }) = &outcome.value {
            election_page(page, election, &outcome.branches);
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
                Format::Human | Format::Csv => batch_line(&election, is_right),
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
    let is_panel = session.connected.names.len() > 1;
    let mut outcome = outcome.map(|tally| BatchEnd {
        tally,
        findings: report.findings(is_panel),
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
        (Format::Human | Format::Csv, Ok(BatchEnd { tally, findings })) => {
            let mut page = Page::new(session.output.paint(session.terminal), None);
            let BatchTally {
                decided, undecided, ..
            } = tally;
            page.paragraph("");
            page.paragraph(&format!("{decided} decided, {undecided} without consensus"));
            findings.page(&mut page);
            page.finish()
        }
        (Format::Human | Format::Csv, Err(_)) => String::new(),
    }
}
