//! Many elections in one run, their ballots sharing one bound of concurrency.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use patterns_core::{Branch, Outcome, Pattern, StepRole};
use serde::{Deserialize, Serialize};

use super::ballot::Question;
use super::pattern::Voting;
use super::rule::Election;
use crate::run::Run;
use crate::{FanOut, Order, RunError, RunOptions};

/// One decided question of a batch.
#[derive(Debug)]
pub struct BatchElection<V> {
    /// The question's id, as given.
    pub id: String,
    /// The result.
    pub election: Election,
    /// The ballots behind it, in voter order, failed ones included.
    pub branches: Vec<Branch<V>>,
}

/// How the elections of a batch ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTally {
    /// Elections with a winner.
    pub decided: u64,
    /// Elections without one.
    pub undecided: u64,
    /// Elections that the run broke off before all their voters had ended.
    pub broken_off: u64,
}

/// Elections under way: which ballots are in.
struct Open<V> {
    id: String,
    branches: Vec<Branch<V>>,
}

impl<V: Send + Sync + 'static> Voting<V> {
    /// Holds one election per question, in one run with one bound of concurrency.
    ///
    /// Questions are pulled as places free up, and every election is handed to `each` in the
    /// order of the questions, as soon as all voters up to its last have ended, so a batch of any length needs constant memory. The outcome has
    /// the sums; its list of branches is empty.
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] if there is no voter.
    ///
    /// # Cancellation
    ///
    /// Dropping the future ends all calls under way.
    pub async fn run_batch<S>(
        &self,
        questions: S,
        options: &RunOptions,
        mut each: impl FnMut(BatchElection<V>),
    ) -> Result<Outcome<BatchTally, V>, RunError>
    where
        S: Stream<Item = (String, Question)> + Send,
    {
        self.check()?;
        let voters = self.voter_count();
        let branches = match questions.size_hint() {
            (least, Some(most)) if least == most => Some((most * voters) as u64),
            _ => None,
        };
        let mut run = Run::start(options, Pattern::Voting, branches);
        self.raise_warnings(&mut run);
        let ballots = questions.flat_map(move |(id, question)| {
            let question = Arc::new(question);
            stream::iter((0..voters).map(move |voter| {
                let task = (voter, Arc::clone(&question));
                (format!("{id}/{}", voter + 1), task)
            }))
        });
        let mut fan_out = FanOut::new(Box::pin(ballots), options, |(voter, question), origin| {
            Box::pin(self.cast(voter, question, origin))
        })
        .role(StepRole::Ballot)
        .order(Order::Input);
        let mut tally = BatchTally::default();
        let mut open: BTreeMap<u64, Open<V>> = BTreeMap::new();
        while let Some(branch) = fan_out.next().await {
            run.account(&branch);
            if let Some(done) = collect(&mut open, branch, voters) {
                let election = self.decide(&done.branches);
                tally.count(&election);
                let Open { id, branches } = done;
                each(BatchElection {
                    id,
                    election,
                    branches,
                });
            }
        }
        tally.broken_off = open.len() as u64;
        let value = run.verdict(fan_out.stopped()).map(|()| tally);
        Ok(run.finish(value, Vec::new()))
    }
}

impl BatchTally {
    fn count(&mut self, election: &Election) {
        if election.decision.is_won() {
            self.decided += 1;
        } else {
            self.undecided += 1;
        }
    }
}

/// Files a ballot; returns its election if it was the last one due.
fn collect<V>(
    open: &mut BTreeMap<u64, Open<V>>,
    branch: Branch<V>,
    voters: usize,
) -> Option<Open<V>> {
    // Ballots are numbered question by question, so the number tells whose ballot it is.
    let question = branch.id.0 / voters as u64;
    let election = open.entry(question).or_insert_with(|| Open {
        id: question_id(&branch.label).to_owned(),
        branches: Vec::with_capacity(voters),
    });
    election.branches.push(branch);
    if election.branches.len() < voters {
        return None;
    }
    let mut done = open.remove(&question)?;
    done.branches.sort_by_key(|branch| branch.id);
    Some(done)
}

/// Takes the voter off the label of a ballot.
fn question_id(label: &str) -> &str {
    label.rsplit_once('/').map_or(label, |(id, _)| id)
}
