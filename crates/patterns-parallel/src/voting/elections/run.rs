//! Runs elections: one, or a batch of them, on one fan-out.
//!
//! A refused call ends elections, it does not fail them: every election ends by the ballots that are in, and
//! a question without one is called not asked.

use std::sync::Arc;

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use patterns_core::{
    AgentError, AgentErrorKind, AggregateError, AggregateErrorKind, Answer, ModelError,
    ModelErrorKind, Outcome, Pattern, Scope,
};

use super::Elections;
use super::asking::Asking;
use super::batch::{BatchElection, BatchTally};
use super::identical_ballots::{are_identical, identical_ballots};
use super::open_election::OpenElection;
use super::shared_calls::SharedCalls;
use super::work::{Done, Work};
use crate::fan_out::{FanOut, Stop};
use crate::run::Run;
use crate::voting::ballot::BallotTask;
use crate::voting::election::ElectionBy;
use crate::voting::panel::Voter;
use crate::voting::question::Question;
use crate::voting::rules::Rule;
use crate::voting::stop::CallIndex;
use crate::voting::voting::Voting;
use crate::{RunError, RunOptions};

impl<V: Send + Sync + 'static, R: Rule> Voting<V, R> {
    /// Asks all voters and decides.
    ///
    /// The branches of the outcome are the ballots, in voter order; judgements and an escalation are
    /// its steps. Where the budget is used up first, the ballots that are in decide, and the election
    /// says so by [`StopReason::CallsSpent`](crate::voting::StopReason::CallsSpent).
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] if the question is empty or there is no voter.
    ///
    /// # Cancellation
    ///
    /// Dropping the future ends all calls under way.
    pub async fn run(
        &self,
        question: impl Into<Question>,
        options: &RunOptions,
    ) -> Result<Outcome<ElectionBy<R>, V>, RunError> {
        let question = question.into();
        if question.text.trim().is_empty() {
            return Err(RunError::NoInput("the question is empty"));
        }
        let questions = stream::iter([(String::new(), question)]);
        let elections = self.elections(questions, options, false)?;
        let mut held = Vec::new();
        let (mut run, stop, broken_off) = self.run_elections(elections, |it| held.push(it)).await;
        let is_spent = run.is_out_of_budget(stop);
        let held = held.pop().or(broken_off.into_iter().next());
        if held
            .as_ref()
            .is_some_and(|it| are_identical(&self.panel, it))
        {
            run.warn(identical_ballots(1, 1));
        }
        let forecast = self.forecast();
        let decided = held.map(|it| self.decide(it, forecast.as_ref()));
        let (election, branches) = decided.unzip();
        let nothing = || AggregateError::new(AggregateErrorKind::NothingAnswered);
        // The ballots that were paid for are a result, if a short one.
        let is_short = is_spent && election.as_ref().is_some_and(|it| it.total_votes > 0);
        let verdict = run
            .verdict(stop)
            .or_else(|error| is_short.then_some(()).ok_or(error));
        let value = verdict.and_then(|()| election.ok_or_else(nothing));
        Ok(run.finish(value, branches.unwrap_or_default()))
    }

    /// Holds one election per question, in one run with one bound of concurrency.
    ///
    /// Questions are pulled as places free up, and every election is handed to `each` in the order
    /// of the questions, as soon as it and those before it are over, so a batch of any length needs
    /// constant memory. The outcome has the sums; its list of branches is empty.
    ///
    /// An election that the run breaks off is not handed over. One that had begun to share the calls,
    /// and had none, is handed over as [`NotAsked`](crate::voting::Decision::NotAsked), as it is when the
    /// calls are spent.
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
        mut each: impl FnMut(BatchElection<V, R::Winner, R::Detail>),
    ) -> Result<Outcome<BatchTally, V>, RunError>
    where
        S: Stream<Item = (String, Question)> + Send,
    {
        let mut elections = self.elections(questions, options, true)?;
        elections.run.forget_steps();
        let mut tally = BatchTally::default();
        let forecast = self.forecast();
        let mut uniform = 0;
        let hand_over = |over: OpenElection<V>| {
            uniform += u64::from(are_identical(&self.panel, &over));
            let id = over.id.clone();
            let (election, branches) = self.decide(over, forecast.as_ref());
            tally.count(&election);
            each(BatchElection {
                id,
                election,
                branches,
            });
        };
        let (mut run, stop, broken_off) = self.run_elections(elections, hand_over).await;
        tally.broken_off = broken_off.len() as u64;
        let all = tally.ended();
        // A cache answers all alike; some elections may be clear to the last word.
        if uniform > 0 && uniform * 2 >= all {
            run.warn(identical_ballots(uniform, all));
        }
        // The ballots that were paid for are a result, if a short one.
        let is_short = run.is_out_of_budget(stop) && all > 0;
        let verdict = run
            .verdict(stop)
            .or_else(|error| is_short.then_some(()).ok_or(error));
        let value = verdict.map(|()| tally);
        Ok(run.finish(value, Vec::new()))
    }

    /// Begins a run of elections.
    fn elections<'a, S>(
        &'a self,
        questions: S,
        options: &'a RunOptions,
        is_batch: bool,
    ) -> Result<Elections<'a, V, R, S>, RunError>
    where
        S: Stream<Item = (String, Question)>,
    {
        let stopper = self.stopper()?;
        let voters = self.voters.get() as u64;
        let shared = match self.asking {
            Asking::SharedCalls(calls) => {
                Some(SharedCalls::new(calls.get(), CallIndex::new(voters)?))
            }
            Asking::Waves | Asking::Streaming { .. } => None,
        };
        let branches = match questions.size_hint() {
            (least, Some(most)) if least == most && self.asks_all() && shared.is_none() => {
                Some(most as u64 * voters)
            }
            _ => None,
        };
        let mut run = Run::start(options, Pattern::Voting, branches);
        let members = self.panel.voters.len();
        let warning = self.panel.warning.clone();
        if let Some(warning) = warning.filter(|_| self.voters.get() > members) {
            run.warn(warning);
        }
        let ends = (stopper, shared);
        Ok(Elections::new(self, run, ends, questions, is_batch))
    }

    /// Casts ballots until all elections are over, handing each over in the order of the questions.
    /// Returns the run, why it stopped, and the elections that it broke off.
    async fn run_elections<'a, S>(
        &'a self,
        elections: Elections<'a, V, R, S>,
        mut hand_over: impl FnMut(OpenElection<V>),
    ) -> (Run<'a>, Option<Stop>, Vec<OpenElection<V>>)
    where
        S: Stream<Item = (String, Question)> + Send,
    {
        let options = elections.run.options;
        let mut fan_out = FanOut::new(elections, options, |work, scope| {
            Box::pin(self.carry_out(work, scope))
        });
        while fan_out.next().await.is_some() {
            let over = fan_out.machine_mut().take_over();
            over.into_iter().for_each(&mut hand_over);
        }
        let (elections, stop) = fan_out.into_parts();
        let is_spent = elections.run.is_out_of_budget(stop);
        let (run, over, broken_off) = elections.end(is_spent);
        over.into_iter().for_each(hand_over);
        (run, stop, broken_off)
    }

    /// Carries out what a branch is for. That there is no budget left is how a batch ends that shares
    /// it, and no failure: its ballot was not sent.
    async fn carry_out(&self, work: Work, scope: Scope) -> Result<Answer<Done<V>>, AgentError> {
        match self.ask(work, scope).await {
            Err(error)
                if is_out_of_budget(&error) && matches!(self.asking, Asking::SharedCalls(_)) =>
            {
                let not_sent = ModelError::new(ModelErrorKind::NotSent);
                Err(AgentError::model(not_sent, error.usage()))
            }
            result => result,
        }
    }

    async fn ask(&self, work: Work, scope: Scope) -> Result<Answer<Done<V>>, AgentError> {
        let missing = |what| AgentError::code(RunError::InvalidSetup(what));
        match work {
            Work::Ballot(number, question) => {
                let (voter, sample) = self.panel.voter(number);
                cast(voter, sample, question, scope).await
            }
            Work::Judge(task) => {
                let judge = self.rule.judge();
                let judge = judge.ok_or_else(|| missing("there is no judge"))?;
                Ok(judge.run(&task, scope).await?.map(Done::Judgement))
            }
            Work::Escalate(question) => {
                let voter = self.escalation.as_ref();
                let voter = voter.ok_or_else(|| missing("there is no voter"))?;
                cast(voter, 0, question, scope).await
            }
        }
    }
}

/// Asks a voter for a ballot.
async fn cast<V>(
    voter: &Voter<V>,
    sample: usize,
    question: Arc<Question>,
    scope: Scope,
) -> Result<Answer<Done<V>>, AgentError> {
    let task = BallotTask {
        question,
        sample: u32::try_from(sample).unwrap_or(u32::MAX),
        prompt: voter.prompt.clone(),
    };
    Ok(voter.agent.run(&task, scope).await?.map(Done::Ballot))
}

fn is_out_of_budget(error: &AgentError) -> bool {
    error.kind() == AgentErrorKind::Model(ModelErrorKind::BudgetExhausted)
}
