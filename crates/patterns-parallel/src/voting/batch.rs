//! Elections in one run, their ballots sharing one bound of concurrency.

use std::collections::BTreeMap;

use futures_core::Stream;
use patterns_core::{Branch, Outcome, Pattern};
use serde::{Deserialize, Serialize};

use super::ballot::Question;
use super::course::Course;
use super::elect::identical;
use super::pattern::Voting;
use super::polls::Due;
use super::rule::{Decision, Election};
use super::stop::StopReason;
use crate::run::Run;
use crate::{RunError, RunOptions};

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
    /// Questions that were put to nobody, as the calls were spent before.
    #[serde(default)]
    pub unasked: u64,
    /// Elections that ended because the calls were spent, among the decided and the undecided.
    #[serde(default)]
    pub cut_short: u64,
    /// Elections that the run broke off before all their voters had ended.
    pub broken_off: u64,
}

impl<V: Send + Sync + 'static> Voting<V> {
    /// Holds one election per question, in one run with one bound of concurrency.
    ///
    /// Questions are pulled as places free up, and every election is handed to `each` in the order
    /// of the questions, as soon as it and those before it are over, so a batch of any length needs
    /// constant memory. The outcome has the sums; its list of branches is empty.
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
        let polls = self.shared_polls()?;
        let branches = match questions.size_hint() {
            (least, Some(most))
                if least == most && self.asks_all() && self.shared_calls.is_none() =>
            {
                Some((most * self.voters) as u64)
            }
            _ => None,
        };
        let mut run = Run::start(options, Pattern::Voting, branches);
        run.forget_steps();
        self.raise_warnings(&mut run);
        let mut tally = BatchTally::default();
        let forecast = self.forecast();
        let mut uniform = 0;
        let mut hand_over = |course: Course<V>| {
            uniform += u64::from(self.is_uniform(&course));
            let id = course.id.clone();
            let (election, branches) = self.elect(course, forecast.as_ref());
            tally.count(&election);
            each(BatchElection {
                id,
                election,
                branches,
            });
        };
        // Elections that are over and wait for an earlier one.
        let mut waiting: BTreeMap<u64, Course<V>> = BTreeMap::new();
        let mut next = 0;
        let label = |due: &Due| format!("{}/{}", due.id, due.voter + 1);
        let held = self.hold(polls, questions, &mut run, label, |number, course| {
            waiting.insert(number, course);
            while let Some(course) = waiting.remove(&next) {
                next += 1;
                hand_over(course);
            }
            waiting.len()
        });
        let (stop, open) = held.await;
        let is_spent = run.is_out_of_budget(stop);
        let broken_off = if is_spent { 0 } else { open.len() as u64 };
        if is_spent {
            waiting.extend(open.into_iter().map(|(number, it)| (number, it.spent())));
        }
        waiting.into_values().for_each(&mut hand_over);
        tally.broken_off = broken_off;
        let all = tally.decided + tally.undecided;
        // A cache answers all alike; some elections may be clear to the last word.
        if uniform > 0 && uniform * 2 >= all {
            run.warn(identical(uniform, all));
        }
        // The ballots that were paid for are a result, if a short one.
        let is_short = is_spent && all > 0;
        let verdict = run
            .verdict(stop)
            .or_else(|error| is_short.then_some(()).ok_or(error));
        let value = verdict.map(|()| tally);
        Ok(run.finish(value, Vec::new()))
    }
}

impl BatchTally {
    fn count(&mut self, election: &Election) {
        match election.decision {
            Decision::NotAsked => self.unasked += 1,
            decision if decision.is_won() => self.decided += 1,
            _ => self.undecided += 1,
        }
        let is_short = election.stop_reason == StopReason::CallsSpent;
        self.cut_short += u64::from(is_short && election.decision != Decision::NotAsked);
    }
}
