//! Elections in one run, their ballots sharing one bound of concurrency.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use patterns_core::{Branch, Outcome, Pattern, StepRole};
use serde::{Deserialize, Serialize};

use super::ballot::Question;
use super::pattern::Voting;
use super::polls::{Course, Due, Polls};
use super::rule::Election;
use crate::fan_out::Stop;
use crate::run::Run;
use crate::{FanOut, RunError, RunOptions};

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

/// Elections under way, or waiting for an earlier one, for each ballot that may be in flight.
const WINDOW: usize = 64;

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
        let polls = Polls::new(self.stopper()?);
        let branches = match questions.size_hint() {
            (least, Some(most)) if least == most && self.asks_all() => {
                Some((most * self.voter_count()) as u64)
            }
            _ => None,
        };
        let mut run = Run::start(options, Pattern::Voting, branches);
        self.raise_warnings(&mut run);
        let mut tally = BatchTally::default();
        let forecast = self.forecast();
        let mut hand_over = |course: Course<V>| {
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
        waiting.into_values().for_each(&mut hand_over);
        tally.broken_off = open.len() as u64;
        let value = run.verdict(stop).map(|()| tally);
        Ok(run.finish(value, Vec::new()))
    }

    /// Casts ballots until all elections are over, handing each to `over` with its number, which
    /// returns how many of them wait. Returns why it stopped, and the elections that it broke off.
    pub(super) async fn hold<S>(
        &self,
        polls: Polls<V>,
        questions: S,
        run: &mut Run<'_>,
        label: impl Fn(&Due) -> String + Send,
        mut over: impl FnMut(u64, Course<V>) -> usize,
    ) -> (Option<Stop>, Vec<Course<V>>)
    where
        S: Stream<Item = (String, Question)> + Send,
    {
        let station = Mutex::new(Station { polls, waiting: 0 });
        let window = WINDOW * run.options.concurrency.get();
        let mut questions = Box::pin(questions.fuse());
        let ballots = stream::poll_fn(|cx| {
            let due = lock(&station).poll_due(window, &mut questions, cx);
            due.map(|due| due.map(|due| (label(&due), due)))
        });
        let fan_out = FanOut::new(ballots, run.options, |due: Due, origin| {
            lock(&station).polls.cast(origin.branch, &due);
            Box::pin(self.cast(due.voter, due.question, origin))
        });
        let mut fan_out = fan_out.role(StepRole::Ballot).first(run.next_id());
        while let Some(branch) = fan_out.next().await {
            run.account(&branch);
            let filed = lock(&station)
                .polls
                .file(branch, |value| self.counted(value));
            if let Some((number, course)) = filed {
                lock(&station).waiting = over(number, course);
            }
        }
        let stop = fan_out.stopped();
        drop(fan_out);
        let station = station.into_inner().unwrap_or_else(PoisonError::into_inner);
        (stop, station.polls.broken_off())
    }
}

/// What the source of ballots and their count share.
struct Station<V> {
    polls: Polls<V>,
    /// Elections that are over and wait for an earlier one.
    waiting: usize,
}

impl<V> Station<V> {
    /// Returns the next ballot to be cast: of the elections under way if one is due, else of the
    /// next question.
    fn poll_due<S>(
        &mut self,
        window: usize,
        questions: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Due>>
    where
        S: Stream<Item = (String, Question)> + Unpin,
    {
        loop {
            if let Some(due) = self.polls.due() {
                return Poll::Ready(Some(due));
            }
            if self.polls.open() + self.waiting >= window {
                return Poll::Pending;
            }
            match questions.poll_next_unpin(cx) {
                Poll::Ready(Some((id, question))) => self.polls.begin(id, Arc::new(question)),
                // The ballots in flight may make others due; their end leads here again.
                Poll::Ready(None) if self.polls.open() > 0 => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
