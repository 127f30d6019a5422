//! `patterns vote`: one election, or a batch of them.

use std::sync::Arc;

use futures_util::stream;
use patterns_core::{Outcome, Pattern};
use patterns_parallel::{BatchElection, Question, Rule, TieBreak, Voting};
use serde::Serialize;
use serde_json::Value;

use super::publish;
use super::section::unusable;
use crate::args::{Format, VoteArgs};
use crate::error::Error;
use crate::input::contract;
use crate::job::{BallotSpec, BatchQuestion, Questions, RuleSpec, VoteWork, Work};
use crate::plan;
use crate::report::{batch_line, election_line, election_page, failure_of, outcome_line};
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
    match &work.ballot {
        Some(BallotSpec { schema, answer }) => {
            let contract = contract(schema).map_err(unusable)?;
            let answer = answer.clone();
            let model = Arc::clone(&models[0]);
            let voting = Voting::with_contract(model, contract, &options, move |ballot: &Value| {
                counted(ballot.pointer(&answer)?)
            });
            hold(session, voting, &work).await
        }
        None => {
            // In a batch each question may have its own options, which its words tell.
            let choices: &[String] = match &work.questions {
                Questions::One(_) => &work.options,
                Questions::Batch(_) => &[],
            };
            let voting = if let [model] = models.as_slice() {
                Voting::with_model(Arc::clone(model), choices, &options)
            } else {
                Voting::with_models(models, choices, &options)
            };
            hold(session, voting.map_err(unusable)?, &work).await
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
) -> Result<(), Error> {
    let voting = set_up(voting, work);
    match &work.questions {
        Questions::One(text) => one(session, voting, question(text, None, work)).await,
        Questions::Batch(questions) => batch(session, voting, questions, work).await,
    }
}

fn set_up<V>(mut voting: Voting<V>, work: &VoteWork) -> Voting<V> {
    if let Some(voters) = work.voters {
        voting = voting.voters(voters);
    }
    if work.tie_is_no_consensus {
        voting = voting.tie_break(TieBreak::NoConsensus);
    }
    let voting = voting.policy(work.policy.clone());
    voting.quorum(work.quorum).rule(match work.rule {
        RuleSpec::Plurality => Rule::Plurality,
        RuleSpec::Majority => Rule::Majority,
        RuleSpec::Threshold(share) => Rule::Threshold(share),
    })
}

fn question(text: &str, options: Option<&[String]>, work: &VoteWork) -> Question {
    Question::new(text)
        .options(options.unwrap_or(&work.options).iter().cloned())
        .context(work.context.iter().cloned())
}

async fn one<V: Serialize + Send + Sync + 'static>(
    session: Session,
    voting: Voting<V>,
    question: Question,
) -> Result<(), Error> {
    let options = session.run_options();
    let run = session.watch(voting.run(question, &options));
    let Some(outcome) = run.await? else {
        return Ok(());
    };
    publish(session, Pattern::Voting, &outcome, |page, outcome| {
        if let Ok(election) = &outcome.value {
            election_page(page, election, outcome);
        }
    })
    .await
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
    let run = voting.run_batch(
        stream::iter(asked),
        &options,
        |election: BatchElection<V>| {
            rows.write(&match format {
                Format::Human | Format::Csv => batch_line(&election),
                Format::Json | Format::Jsonl => election_line(&election),
            });
            let branches = election.branches.into_iter();
            failed.extend(branches.filter(|branch| branch.error().is_some()));
        },
    );
    let ended = session.watch(run).await;
    session.output = rows.finish()?;
    let Some(mut outcome) = ended? else {
        return Ok(());
    };
    let end = end_of_batch(&session, &outcome);
    session.output.write(&end)?;
    outcome.branches = failed;
    session.conclude(failure_of(&outcome)).await
}

fn end_of_batch<V: Serialize>(
    session: &Session,
    outcome: &Outcome<patterns_parallel::BatchTally, V>,
) -> String {
    match (session.format, &outcome.value) {
        (Format::Json | Format::Jsonl, _) => {
            outcome_line(Pattern::Voting, &session.connected, outcome)
        }
        (Format::Human | Format::Csv, Ok(tally)) => format!(
            "\n{} decided, {} without consensus\n",
            tally.decided, tally.undecided
        ),
        (Format::Human | Format::Csv, Err(_)) => String::new(),
    }
}
