//! Runs elections: one, or a batch of them, on one fan-out.
//!
//! A refused call ends elections, it does not fail them: every election ends by the ballots that are in, and
//! a question without one is called not asked.

use std::collections::{BTreeMap, VecDeque};

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use patterns_core::{
    AgentError, AggregateError, AggregateErrorKind, Answer, Branch, BranchEnd, BranchId,
    ModelError, ModelErrorKind, Outcome, Pattern, Scope, StepRole, Usage,
};

use super::open_election::is_out_of_budget;
use super::shared_calls::SharedCalls;
use super::{Done, Elections, Work};
use crate::fan_out::{FanOut, Stop};
use crate::in_order::InOrder;
use crate::inputs::exact;
use crate::machine::Machine;
use crate::run::Run;
use crate::running::RunMachine;
use crate::voting::election::{BatchElection, BatchTally, Election};
use crate::voting::panel::identical_ballots;
use crate::voting::question::Question;
use crate::voting::rules::Rule;
use crate::voting::{Asking, Voting};
use crate::{RunError, RunOptions, Running};

impl<V: Send + Sync + 'static, R: Rule> Voting<V, R> {
    /// Asks all voters and decides.
    ///
    /// The branches are the ballots, in voter order; they come once the election is over, since until then
    /// it is open which of them count. Judgements and an escalation are the steps of the outcome. Where the
    /// budget is used up first, the ballots that are in decide, and the election says so by
    /// [`StopReason::CallsSpent`](crate::voting::StopReason::CallsSpent).
    ///
    /// # Errors
    ///
    /// It ends with a [`RunError`] if the question is empty, an option is there twice, or there is no voter.
    pub fn run<'r>(
        &'r self,
        question: impl Into<Question>,
        options: &'r RunOptions,
    ) -> Running<'r, Election<R::Winner>, V> {
        let question = question.into();
        Running::new(async move {
            if question.text.trim().is_empty() {
                return Err(RunError::NoInput("the question is empty"));
            }
            if let Some(twice) = question.twice() {
                let words = format!("{twice:?} is twice among the options");
                return Err(RunError::Part(words));
            }
            let questions = stream::iter([(String::new(), question)]);
            let one = One {
                election: None,
                ballots: VecDeque::new(),
            };
            let elections = self.elections(questions, options, false, one)?;
            Ok(self.fan_out(elections, options))
        })
    }

    /// Holds one election per question, in one run with one bound of concurrency.
    ///
    /// The branches are the elections, in the order of the questions and with their ids as labels; what a
    /// branch has used is what its ballots have used. As a stream, a batch of any length needs constant
    /// memory: questions are pulled as places free up. The outcome has the sums.
    ///
    /// An election that the run breaks off is no branch. One that had begun to share the calls, and had
    /// none, is one as [`NotAsked`](crate::voting::Decision::NotAsked), as it is when the calls are spent.
    ///
    /// # Errors
    ///
    /// It ends with a [`RunError`] if there is no voter. Whether options of a question are written alike is not looked
    /// at: nothing is refused of a stream that has begun.
    pub fn run_batch<'r, S>(
        &'r self,
        questions: S,
        options: &'r RunOptions,
    ) -> Running<'r, BatchTally, BatchElection<V, R::Winner>>
    where
        S: Stream<Item = (String, Question)> + Send + 'r,
    {
        Running::new(async move {
            let mut elections = self.elections(questions, options, true, BatchTally::default())?;
            elections.run.keeps_steps = false;
            Ok(self.fan_out(elections, options))
        })
    }

    fn fan_out<'r, M>(&'r self, machine: M, options: &RunOptions) -> FanOut<'r, M>
    where
        M: Machine<Work = Work<'r, V>, Done = Done<V>>,
    {
        FanOut::new(machine, options, |work, scope| {
            Box::pin(self.carry_out(work, scope))
        })
    }

    /// Begins a run of elections.
    pub(super) fn elections<'a, S, H>(
        &'a self,
        questions: S,
        options: &'a RunOptions,
        is_batch: bool,
        held: H,
    ) -> Result<Elections<'a, V, R, H>, RunError>
    where
        S: Stream<Item = (String, Question)> + Send + 'a,
    {
        let stopper = self.stopper()?;
        let voters = self.voters.get() as u64;
        let shared = match self.asking {
            Asking::SharedCalls(calls) => Some(SharedCalls::new(calls.get())),
            Asking::Waves | Asking::Streaming { .. } => None,
        };
        let mut over = InOrder::new(options);
        if shared.is_some() {
            // Elections that share calls begin all at once.
            over.unbounded();
        }
        let branches = exact(questions.size_hint()).map(|it| it * voters);
        let branches = branches.filter(|_| self.asks_all() && shared.is_none());
        let mut run = Run::start(options, Some(Pattern::Voting), branches);
        let members = self.panel.voters.len();
        let warning = self.panel.warning.clone();
        if let Some(warning) = warning.filter(|_| self.voters.get() > members) {
            run.warn(warning);
        }
        Ok(Elections {
            voting: self,
            run,
            held,
            foresight: self.foresight(&stopper)?,
            stopper,
            shared,
            questions: Box::pin(questions.fuse()),
            is_batch,
            open: BTreeMap::new(),
            steps: VecDeque::new(),
            ballots: VecDeque::new(),
            over,
            alike: 0,
        })
    }

    /// Carries out what a branch is for. That there is no budget left is how a batch ends that shares
    /// it, and no failure: its ballot was not sent.
    async fn carry_out(
        &self,
        work: Work<'_, V>,
        scope: Scope,
    ) -> Result<Answer<Done<V>>, AgentError> {
        let done = match work {
            Work::Vote(voter, task) => voter.run(&task, scope).await.map(|it| it.map(Done::Ballot)),
            Work::Judge(judge, task) => {
                let said = judge.run(&task, scope).await;
                said.map(|it| it.map(Done::Judgement))
            }
        };
        done.map_err(|error| match self.asking {
            Asking::SharedCalls(_) if is_out_of_budget(&error) => {
                AgentError::model(ModelError::new(ModelErrorKind::NotSent), error.usage())
            }
            _ => error,
        })
    }
}

/// What one election comes to.
struct One<V, R: Rule> {
    election: Option<Election<R::Winner>>,
    /// Its ballots, once it is over.
    ballots: VecDeque<Branch<V>>,
}

impl<V, R: Rule, H> Elections<'_, V, R, H> {
    /// Decides the next election that is over.
    fn next_decided(&mut self) -> Option<BatchElection<V, R::Winner>> {
        let over = self.over.next()?;
        let ballots = over.counted().filter_map(|it| it.1.value());
        self.alike += u64::from(self.voting.panel.are_identical(ballots));
        let id = over.id.clone();
        let (election, branches) = self.voting.decide(over, self.foresight.as_ref());
        Some(BatchElection {
            id,
            election,
            branches,
        })
    }
}

impl<V, R: Rule> RunMachine for Elections<'_, V, R, One<V, R>> {
    type Value = Election<R::Winner>;
    type Row = V;

    fn stopped(&mut self, stop: Option<Stop>) {
        self.stop(stop);
    }

    fn next_row(&mut self) -> Option<Branch<V>> {
        if let Some(decided) = self.next_decided() {
            if self.alike > 0 {
                self.run.warn(identical_ballots(1, 1));
            }
            self.held.election = Some(decided.election);
            self.held.ballots.extend(decided.branches);
        }
        self.held.ballots.pop_front()
    }

    fn outcome(self, stop: Option<Stop>) -> Outcome<Election<R::Winner>, V> {
        let (run, election) = (self.run, self.held.election);
        // The ballots that were paid for are a result, if a short one.
        let is_short = election.as_ref().is_some_and(|it| it.total_votes > 0);
        let nothing = || AggregateError::new(AggregateErrorKind::NothingAnswered);
        let verdict = verdict(&run, stop, is_short);
        let value = verdict.and_then(|()| election.ok_or_else(nothing));
        run.finish(value, Vec::new())
    }
}

impl<V, R: Rule> RunMachine for Elections<'_, V, R, BatchTally> {
    type Value = BatchTally;
    type Row = BatchElection<V, R::Winner>;

    fn stopped(&mut self, stop: Option<Stop>) {
        self.stop(stop);
    }

    fn next_row(&mut self) -> Option<Branch<Self::Row>> {
        let decided = self.next_decided()?;
        let id = BranchId(self.held.elections());
        self.held.count(&decided.election);
        let mut usage = Usage::default();
        decided.branches.iter().for_each(|it| usage += it.usage);
        Some(Branch {
            id,
            role: StepRole::Ballot,
            label: decided.id.clone(),
            usage,
            end: BranchEnd::Answered(decided),
            columns: None,
        })
    }

    fn outcome(self, stop: Option<Stop>) -> Outcome<BatchTally, Self::Row> {
        let (mut run, tally, alike) = (self.run, self.held, self.alike);
        let all = tally.decided + tally.undecided;
        // A cache answers all alike; some elections may be clear to the last word.
        if alike > 0 && alike * 2 >= all {
            run.warn(identical_ballots(alike, all));
        }
        let value = verdict(&run, stop, all > 0).map(|()| tally);
        run.finish(value, Vec::new())
    }
}

/// Returns why there is no result, if there is none: a budget that is used up leaves one, if a short one.
fn verdict(run: &Run<'_>, stop: Option<Stop>, is_any: bool) -> Result<(), AggregateError> {
    match run.is_out_of_budget(stop) && is_any {
        true => Ok(()),
        false => run.verdict(stop),
    }
}
