//! Runs a job of voting: one election, or a batch of them.

use patterns_core::{Branch, BranchEnd, BranchId, Outcome, StepRole, Usage};
use patterns_parallel::RunError;
use patterns_parallel::voting::{BatchElection, BatchTally, Decision};
use serde_json::{Value, json};

use super::{JobOutcome, told};
use crate::job_error::JobError;
use crate::pattern::AnyVoting;
use crate::setup::Setup;
use crate::work::{BatchQuestion, BatchTurns, Questions, VoteWork};

impl VoteWork {
    /// Holds the election, whose ballots are the branches of the outcome; or those of a batch, which are
    /// its branches then, one for each question, with how they ended as the value. A question without
    /// a result is a branch that was cancelled.
    pub(super) async fn run(&self, setup: &Setup, keeps_all: bool) -> Result<JobOutcome, JobError> {
        let (voting, options) = (self.voting(setup), setup.run_options());
        match &self.questions {
            Questions::One(text) => told(voting.run(self.question(text, None), &options).await),
            Questions::Batch(rows) if keeps_all => told(batch(self, &voting, rows, setup).await),
            Questions::Batch(rows) => {
                let run = voting.run_batch(self.asked(rows.iter()), &options);
                let none = |it: Outcome<_, _>| it.with_branches(Vec::<Branch<()>>::new());
                told(run.each(drop).await.map(none))
            }
        }
    }
}

async fn batch(
    work: &VoteWork,
    voting: &AnyVoting,
    rows: &[BatchQuestion],
    setup: &Setup,
) -> Result<Outcome<BatchTally, Value>, RunError> {
    let mut not_begun = rows.iter();
    let mut turns = BatchTurns::new(rows);
    let mut branches = Vec::new();
    let options = setup.run_options();
    let asked = work.asked(not_begun.by_ref());
    let run = voting.run_batch(asked, &options).each(|it| {
        let (broken_off, _) = turns.take(&it.label);
        broken_off
            .iter()
            .for_each(|it| add(&mut branches, &it.id, None));
        let id = it.label.clone();
        add(&mut branches, &id, it.into_value());
    });
    let outcome = run.await?;
    let (broken_off, not_begun) = turns.rest(not_begun.len());
    let rest = broken_off.iter().chain(not_begun);
    rest.for_each(|it| add(&mut branches, &it.id, None));
    let outcome = outcome.map(|mut tally| {
        tally.unasked += not_begun.len() as u64;
        tally
    });
    Ok(outcome.with_branches(branches))
}

/// Adds a question with its election, if there was one.
fn add(branches: &mut Vec<Branch<Value>>, id: &str, held: Option<BatchElection<Value>>) {
    let held = held.filter(|it| it.election.decision != Decision::NotAsked);
    let mut usage = Usage::default();
    held.iter()
        .flat_map(|it| &it.branches)
        .for_each(|it| usage += it.usage);
    branches.push(Branch {
        id: BranchId(branches.len() as u64),
        role: StepRole::Ballot,
        label: id.to_owned(),
        usage,
        end: match held {
            Some(it) => BranchEnd::Answered(row(&it)),
            None => BranchEnd::Cancelled,
        },
        columns: None,
    });
}

/// Writes an election, with what its voters said in whole or why they failed.
fn row(held: &BatchElection<Value>) -> Value {
    let said = |it: &Branch<Value>| match (it.value(), it.error()) {
        (Some(ballot), _) => json!({"voter": it.label, "ballot": ballot}),
        (None, error) => json!({"voter": it.label, "error": error.map(ToString::to_string)}),
    };
    let mut row = super::json(&held.election);
    row["said"] = held.branches.iter().map(said).collect();
    row
}
