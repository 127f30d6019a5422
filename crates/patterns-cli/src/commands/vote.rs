//! `patterns vote`: one election, or a batch of them.

mod batch;
mod batch_sheet;
mod kept;
mod lack;

use patterns_core::{Caps, Money, Pattern};
use patterns_job::{AnyVoting, Questions, VoteJob, VoteWork};
use patterns_parallel::Question;
use patterns_parallel::voting::{Election, Standing, StopReason};
use serde::Serialize;

use super::publish;
use crate::error::{Error, ErrorKind};
use crate::launch::Launch;
use crate::report::{election_page, standings_page};
use crate::session::Session;

pub(crate) async fn run(job: VoteJob, launch: Launch) -> Result<(), Error> {
    let written = launch.written()?;
    written.check_documents(&job.context, launch.terminal)?;
    let work = VoteWork::read(job, &launch.reader(&written));
    let work = work.map_err(|error| launch.told(error))?;
    let mut session =
        Session::open(&launch, |roles, settings| work.identity(roles, settings)).await?;
    session.taken = work.taken;
    let voting = work.voting(&session.setup());
    match &work.questions {
        Questions::One(text) => {
            let question = work.question(text, None);
            one(session, voting, question, work.job.explain).await
        }
        Questions::Batch(questions) => batch::run(session, &voting, questions, &work).await,
    }
}

/// An election, and how it stood after each vote if that was asked for.
#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    election: Election,
    /// What the ballots would have cost that were not asked for, in dollars, by those that were.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_saved: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standings: Option<Vec<Standing>>,
}

async fn one(
    mut session: Session,
    voting: AnyVoting,
    question: Question,
    explain: bool,
) -> Result<(), Error> {
    let options = session.setup().run_options();
    let ended = session.watch(voting.run(question, &options)).await;
    let outcome = session.outcome(ended).await?;
    let spent = session.connected.budget.spent().committed.cost;
    let outcome = outcome.map(|election| {
        let asked = election.ballots.len() as u64;
        let saved = election.voters.saturating_sub(asked);
        Explained {
            cost_saved: saved_cost(spent, saved, asked),
            standings: explain
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
            standings,
        }) = &outcome.value
        {
            election_page(page, election, cost_saved.as_deref(), &outcome.branches);
            if let Some(standings) = standings {
                standings_page(page, standings, &outcome.branches);
            }
        }
    })
    .await
}

/// Says that a budget ended elections before their time, and how to give them more.
fn out_of_budget(caps: Caps, message: String) -> Error {
    let mut options = Vec::new();
    options.extend(caps.max_calls.map(|_| "--max-calls"));
    options.extend(caps.max_tokens.map(|_| "--max-tokens"));
    options.extend(caps.max_cost.map(|_| "--max-cost"));
    let reserves = caps.max_tokens.is_some() || caps.max_cost.is_some();
    let help = format!(
        "what was answered is counted and kept; to do more, raise {}{}",
        options.join(" or "),
        match reserves {
            true => ", or lower --max-output-tokens, which each call reserves",
            false => "",
        }
    );
    Error::new(ErrorKind::Budget, message).help(&help)
}

/// Returns what ballots would have cost that were not asked for, by what those cost that were.
fn saved_cost(spent: Option<Money>, saved: u64, asked: u64) -> Option<String> {
    let spent = spent.filter(|it| saved > 0 && asked > 0 && *it > Money::ZERO)?;
    Some(spent.parts(saved, asked).to_string())
}
