//! Holds elections: casts their ballots, has them judged, all on one fan-out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use patterns_core::{
    AgentError, AgentErrorKind, Answer, ModelError, ModelErrorKind, Origin, StepRole,
};

use super::ballot::{BallotTask, Question};
use super::bench::{Bench, Errand, Found};
use super::course::Course;
use super::pattern::Voting;
use super::polls::{Due, Polls};
use super::stop::CallIndex;
use super::voter::Voter;
use crate::fan_out::Stop;
use crate::machine::narrowed as only;
use crate::run::Run;
use crate::{FanOut, RunError};

/// Elections under way, or waiting for an earlier one, for each ballot that may be in flight.
const WINDOW: usize = 64;

impl<V> Voting<V> {
    /// Makes the polls for elections of a run.
    pub(super) fn polls(&self) -> Result<Polls<V>, RunError> {
        Ok(Polls::new(self.stopper()?, self.manner))
    }

    /// Makes the polls for the elections of a batch, which may share calls.
    pub(super) fn shared_polls(&self) -> Result<Polls<V>, RunError> {
        let polls = self.polls()?;
        match self.shared_calls {
            None => Ok(polls),
            Some(0) => Err(RunError::InvalidSetup("there is no call to share")),
            Some(calls) => Ok(polls.sharing(calls, CallIndex::new(self.voters as u64)?)),
        }
    }

    pub(super) fn raise_warnings(&self, run: &mut Run<'_>) {
        if self.voters > self.panel.len() {
            for warning in &self.warnings {
                run.warn(warning.clone());
            }
        }
    }

    pub(super) fn name(&self, voter: usize) -> String {
        let name = self.panel[voter % self.panel.len()].name.as_deref();
        match name {
            Some(name) if self.voters <= self.panel.len() => name.to_owned(),
            Some(name) => format!("{name} #{}", voter / self.panel.len() + 1),
            None => format!("voter {}", voter + 1),
        }
    }
}

impl<V: Send + Sync + 'static> Voting<V> {
    /// Casts ballots until all elections are over, handing each to `over` with its number, which
    /// returns how many of them wait. Returns why it stopped, and the elections that it broke off.
    pub(super) async fn hold<S>(
        &self,
        polls: Polls<V>,
        questions: S,
        run: &mut Run<'_>,
        label: impl Fn(&Due) -> String + Send,
        mut over: impl FnMut(u64, Course<V>) -> usize,
    ) -> (Option<Stop>, Vec<(u64, Course<V>)>)
    where
        S: Stream<Item = (String, Question)> + Send,
    {
        let station = Mutex::new(Station {
            polls,
            waiting: 0,
            on_bench: 0,
            refused: None,
        });
        let window = WINDOW * run.options.concurrency.get();
        let mut questions = Box::pin(questions.fuse());
        let ballots = stream::poll_fn(|cx| {
            let due = lock(&station).poll_due(window, &mut questions, cx);
            due.map(|due| due.map(|due| (label(&due), Errand::Ballot(due))))
        });
        let fan_out = FanOut::new(ballots, run.options, |errand, origin| {
            if let Errand::Ballot(due) = &errand {
                lock(&station).polls.cast(origin.branch, due);
            }
            Box::pin(self.carry_out(errand, origin, &station))
        });
        let mut fan_out = fan_out.role(StepRole::Ballot).first(run.next_id());
        let mut bench = Bench::new();
        while let Some(branch) = fan_out.next().await {
            let votes_in: Vec<(u64, Course<V>)> = if bench.has(branch.id) {
                let id = branch.id;
                let found = run.take_step(branch);
                let filed = bench.file(id, found, |label, errand| {
                    fan_out.add(StepRole::Judge, label, errand)
                });
                filed.into_iter().collect()
            } else {
                let ballot = only(branch, Found::ballot);
                run.account(&ballot);
                let answer_of = |question: &Question, value: &V| self.counted(question, value);
                let filed = lock(&station).polls.file(ballot, answer_of);
                fan_out.cancel(filed.needless);
                filed.over
            };
            for (number, course) in votes_in {
                let need = self.need(&course);
                let decided = bench.admit(number, course, need, |label, errand| {
                    fan_out.add(StepRole::Judge, label, errand)
                });
                let waiting = decided.map(|(number, course)| over(number, course));
                let mut station = lock(&station);
                station.on_bench = bench.len();
                station.waiting = waiting.unwrap_or(station.waiting);
            }
        }
        let stop = fan_out.stopped();
        drop(fan_out);
        let station = station.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(refused) = station.refused {
            run.blame(refused);
        }
        let broken_off = station.polls.broken_off().into_iter();
        (stop, broken_off.chain(bench.broken_off()).collect())
    }

    /// Carries out what a branch is for. That there is no budget left is how a batch ends that shares
    /// it, and no failure.
    async fn carry_out(
        &self,
        errand: Errand,
        origin: Origin,
        station: &Mutex<Station<V>>,
    ) -> Result<Answer<Found<V>>, AgentError> {
        let result = self.errand(errand, origin).await;
        match result {
            Err(error) if is_out_of_budget(&error) && lock(station).polls.shares() => {
                let mut station = lock(station);
                station.polls.spend_all();
                let not_sent = ModelError::new(ModelErrorKind::NotSent);
                let not_sent = AgentError::model(not_sent, error.usage());
                station.refused.get_or_insert(error);
                Err(not_sent)
            }
            result => result,
        }
    }

    async fn errand(&self, errand: Errand, origin: Origin) -> Result<Answer<Found<V>>, AgentError> {
        match errand {
            Errand::Ballot(due) => {
                let voter = &self.panel[due.voter % self.panel.len()];
                let sample = due.voter / self.panel.len();
                cast(voter, sample, due.question, origin).await
            }
            Errand::Judge(task) => match &self.judge {
                Some(judge) => {
                    let judgement = judge.run(&task, origin).await?;
                    Ok(judgement.map(Found::Judgement))
                }
                None => Err(AgentError::code(RunError::InvalidSetup(
                    "there is no judge",
                ))),
            },
            Errand::Escalate(question) => match &self.escalation {
                Some(voter) => cast(voter, 0, question, origin).await,
                None => Err(AgentError::code(RunError::InvalidSetup(
                    "there is no voter",
                ))),
            },
        }
    }
}

/// Asks a voter for a ballot.
async fn cast<V>(
    voter: &Voter<V>,
    sample: usize,
    question: Arc<Question>,
    origin: Origin,
) -> Result<Answer<Found<V>>, AgentError> {
    let task = BallotTask {
        question,
        sample: u32::try_from(sample).unwrap_or(u32::MAX),
        words: voter.words.clone(),
    };
    Ok(voter.agent.run(&task, origin).await?.map(Found::Ballot))
}

fn is_out_of_budget(error: &AgentError) -> bool {
    error.kind() == AgentErrorKind::Model(ModelErrorKind::BudgetExhausted)
}

/// What the source of ballots and their count share.
struct Station<V> {
    polls: Polls<V>,
    /// Elections that are over and wait for an earlier one.
    waiting: usize,
    /// Elections that are being judged.
    on_bench: usize,
    /// Why a shared budget gave out.
    refused: Option<AgentError>,
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
            let known = self.polls.open() + self.waiting + self.on_bench;
            if known >= window && !self.polls.shares() {
                return Poll::Pending;
            }
            match questions.poll_next_unpin(cx) {
                Poll::Ready(Some((id, question))) => self.polls.begin(id, Arc::new(question)),
                Poll::Ready(None) if self.polls.all_begun() => {}
                // The ballots in flight may make others due; their end leads here again.
                Poll::Ready(None) if self.polls.open() > 0 => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
