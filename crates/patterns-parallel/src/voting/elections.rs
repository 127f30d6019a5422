//! Says which ballot or judgement of the elections under way is due next, and which elections are
//! over. It is pure; the fan-out carries out what is due.
//!
//! Elections are handed over in the order of their questions. As many may be under way or wait for an
//! earlier one as 64 for each branch in flight, so that a batch of any length needs constant memory.

mod decide;
mod open_election;
mod run;
mod shared_calls;

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::StreamExt;
use patterns_core::{
    Agent, AgentError, Branch, BranchEnd, BranchId, ModelError, ModelErrorKind, StepRole,
};

use super::judge::{JudgeTask, Judgement, Pair};
use super::question::{BallotTask, Question};
use super::rules::Rule;
use super::stop::{Foresight, Step, Stopper};
use super::voter::Voter;
use super::{Asking, Voting};
use crate::fan_out::Stop;
use crate::in_order::InOrder;
use crate::machine::{Due, Machine};
use crate::run::Run;
use open_election::OpenElection;
use shared_calls::{NextCall, SharedCalls};

/// All elections of a run; `H` is what those come to that are handed over.
pub(super) struct Elections<'a, V, R, H> {
    voting: &'a Voting<V, R>,
    run: Run<'a>,
    held: H,
    stopper: Stopper,
    /// What foresees how elections would have ended.
    foresight: Option<Foresight>,
    /// Who gets the next call, where elections share them.
    shared: Option<SharedCalls>,
    questions: Pin<Box<dyn Stream<Item = (String, Question)> + Send + 'a>>,
    /// Whether ballots are labelled by their questions.
    is_batch: bool,
    /// Elections that are not over, by number.
    open: BTreeMap<u64, OpenElection<V>>,
    /// Judgements and further ballots that are due; they go before ballots.
    steps: VecDeque<(u64, Task)>,
    /// Ballots that are due, by election and voter.
    ballots: VecDeque<(u64, usize)>,
    /// Elections that are over and not handed over yet.
    over: InOrder<OpenElection<V>>,
    /// Those of which all ballots are the same, word for word.
    alike: u64,
}

/// What a branch is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    Ballot(usize),
    Judge(Pair),
    Escalate,
}

/// What is due, with the number of the election that it is done for.
type DueTask<'a, V> = Due<Work<'a, V>, (u64, Task)>;

/// What a branch works on: a question to a voter, the stronger one too, or to the judge.
pub(super) enum Work<'a, V> {
    Vote(&'a dyn Agent<BallotTask, V>, BallotTask),
    Judge(&'a dyn Agent<JudgeTask, Judgement>, JudgeTask),
}

/// What a branch makes.
#[derive(Debug)]
pub(super) enum Done<V> {
    Ballot(V),
    Judgement(Judgement),
}

impl<'a, V, R: Rule, H> Elections<'a, V, R, H> {
    /// Ends the elections that are under way: if the calls are spent, these are over; and so are those
    /// that had begun with all others, to share their calls, and never had a turn. Others are broken off:
    /// of a batch they are none, and a single one is over with the ballots that are in.
    fn stop(&mut self, stop: Option<Stop>) {
        self.over.finish();
        let is_spent = self.run.is_out_of_budget(stop);
        for (number, election) in std::mem::take(&mut self.open) {
            if is_spent || !self.is_batch || !election.was_put_to_anybody() {
                self.over.put(number, election.break_off(is_spent));
            }
        }
    }

    /// Begins an election. No rule ends one before the first vote.
    fn begin(&mut self, id: String, question: Question) {
        let election = OpenElection::new(id, Arc::new(question));
        let number = self.over.begin();
        self.open.insert(number, election);
        self.go_on(number);
    }

    /// Shares calls once all elections have begun; returns whether ballots may be due by that.
    fn all_begun(&mut self) -> bool {
        let is_news = self.shared.as_mut().is_some_and(SharedCalls::all_begun);
        if is_news {
            self.share();
        }
        is_news
    }

    /// Makes further ballots due, or ends the election.
    fn go_on(&mut self, number: u64) {
        let Some(election) = self.open.get_mut(&number) else {
            return;
        };
        match (self.stopper.next(&election.tally), &mut self.shared) {
            (Step::Stop(reason), _) => election.stop = Some(reason),
            (Step::Ask(_), Some(shared)) => {
                let foresight = self.foresight.as_ref();
                shared.offer(
                    number,
                    foresight.map_or(0.0, |it| it.worth(&election.tally)),
                );
            }
            (Step::Ask(needed), None) => {
                let left = self.stopper.left(&election.tally);
                let spare = match self.voting.asking {
                    Asking::Streaming { spare } => spare,
                    Asking::Waves | Asking::SharedCalls(_) => 0,
                };
                let wanted = needed.saturating_add(spare).min(left);
                let more = wanted.saturating_sub(election.pending());
                self.ask(number, more);
            }
        }
    }

    fn ask(&mut self, number: u64, ballots: u64) {
        let Some(election) = self.open.get_mut(&number) else {
            return;
        };
        election.waves += u64::from(ballots > 0);
        for _ in 0..ballots {
            self.ballots.push_back((number, election.ask()));
        }
    }

    /// Gives calls to elections that share them, and counts their ballots, as far as it goes. When the
    /// calls are spent, all elections end by the ballots that are in.
    fn share(&mut self) {
        while let Some(shared) = &mut self.shared {
            let open = &self.open;
            match shared.next(|it| open.get(&it).is_some_and(OpenElection::is_next_in)) {
                Some(NextCall::Give(election)) => self.ask(election, 1),
                Some(NextCall::Count(election)) => _ = self.count(election),
                None => break,
            }
        }
        if self.shared.as_ref().is_some_and(SharedCalls::is_spent) {
            for (number, election) in std::mem::take(&mut self.open) {
                // A step under way is paid for, and ends its election by itself.
                if election.steps > 0 {
                    self.open.insert(number, election);
                } else {
                    self.over.put(number, election.break_off(true));
                }
            }
        }
    }

    /// Takes a ballot that has ended; returns the branches that nobody needs any more.
    fn ballot_ended(&mut self, number: u64, voter: usize, ballot: Branch<V>) -> Vec<BranchId> {
        let is_refused =
            matches!(ballot.end, BranchEnd::Cancelled) && !self.run.options.drain.is_cancelled();
        let usage = ballot.usage;
        if let Some(election) = self.open.get_mut(&number) {
            election.ended(voter, ballot);
        }
        let Some(shared) = &mut self.shared else {
            return self.count(number);
        };
        if is_refused {
            // The budget has given out before the calls were spent.
            shared.spend_all();
            let refused = ModelError::new(ModelErrorKind::BudgetExhausted);
            self.run.blame(AgentError::model(refused, usage));
        }
        self.share();
        Vec::new()
    }

    /// Counts the ballots of an election that are in and whose turn has come.
    fn count(&mut self, number: u64) -> Vec<BranchId> {
        let is_streaming = matches!(self.voting.asking, Asking::Streaming { .. });
        while let Some(election) = self.open.get_mut(&number)
            && election.stop.is_none()
            && election.count_next(|question, value| self.voting.panel.counted(question, value))
        {
            if is_streaming || election.pending() == 0 {
                self.go_on(number);
            }
        }
        self.close(number)
    }

    /// If an election is decided, sees to it that nobody works for it any more, and goes on with what
    /// it needs then.
    fn close(&mut self, number: u64) -> Vec<BranchId> {
        let election = self.open.get_mut(&number);
        let Some(election) = election.filter(|it| it.stop.is_some()) else {
            return Vec::new();
        };
        if election.recall() {
            self.ballots.retain(|due| due.0 != number);
        }
        let needless: Vec<BranchId> = election.under_way().collect();
        if needless.is_empty() {
            self.votes_in(number);
        }
        needless
    }

    /// Has an election judged or escalated whose votes are in, or ends it.
    fn votes_in(&mut self, number: u64) {
        let Some(election) = self.open.get_mut(&number) else {
            return;
        };
        let due = self.voting.to_judge(election);
        election.being_judged.extend(due.iter().copied());
        let tasks = due.into_iter().map(|it| (number, Task::Judge(it)));
        self.steps.extend(tasks);
        if !election.being_judged.is_empty() {
            return;
        }
        if self.voting.is_to_escalate(election) {
            self.steps.push_back((number, Task::Escalate));
        } else if let Some(election) = self.open.remove(&number) {
            self.over.put(number, election);
        }
    }

    /// Adds a judgement to its election, or the stronger voter's ballot.
    fn step_ended(&mut self, number: u64, task: Task, done: Option<Done<V>>) {
        let Some(election) = self.open.get_mut(&number) else {
            return;
        };
        election.steps -= 1;
        match task {
            Task::Judge(pair) => {
                election.being_judged.remove(&pair);
                let said = match done {
                    Some(Done::Judgement(said)) => Some(said),
                    _ => None,
                };
                election.judgements.insert(pair, said);
            }
            Task::Ballot(_) | Task::Escalate => {
                election.escalated = Some(done.and_then(ballot));
            }
        }
        self.votes_in(number);
    }

    /// Begins what is due first.
    fn next_task(&mut self, id: BranchId) -> Option<DueTask<'a, V>> {
        let voting = self.voting;
        let ballot = |(number, voter)| (number, Task::Ballot(voter));
        let step = self.steps.pop_front();
        let (number, task) = step.or_else(|| self.ballots.pop_front().map(ballot))?;
        let election = self.open.get_mut(&number)?;
        let vote = |voter: &'a Voter<V>, sample| {
            Work::Vote(&*voter.agent, voter.task(&election.question, sample))
        };
        let (role, mut label, work) = match task {
            Task::Ballot(number) => {
                let (voter, sample) = voting.panel.voter(number);
                let label = match self.is_batch {
                    true => (number + 1).to_string(),
                    false => voting.label(number),
                };
                (StepRole::Ballot, label, vote(voter, sample))
            }
            Task::Judge(pair) => {
                let task = voting.judge_task(election, pair);
                let work = Work::Judge(voting.rule.judge()?, task);
                (StepRole::Judge, "judgement".to_owned(), work)
            }
            Task::Escalate => {
                let voter = voting.escalation.as_ref()?;
                (StepRole::Judge, "escalation".to_owned(), vote(voter, 0))
            }
        };
        match task {
            Task::Ballot(voter) => election.began(voter, id),
            Task::Judge(_) | Task::Escalate => election.steps += 1,
        }
        if self.is_batch {
            label = format!("{}/{label}", election.id);
        }
        Some(Due::new(role, label, (number, task), work))
    }
}

/// Returns the ballot that a branch made, if it was to make one.
fn ballot<V>(done: Done<V>) -> Option<V> {
    match done {
        Done::Ballot(ballot) => Some(ballot),
        Done::Judgement(_) => None,
    }
}

impl<'a, V, R: Rule, H> Machine for Elections<'a, V, R, H> {
    type Work = Work<'a, V>;
    type Done = Done<V>;
    /// The number of the election, and what is done for it.
    type Purpose = (u64, Task);

    fn due(&mut self, id: BranchId, cx: &mut Context<'_>) -> Poll<Option<DueTask<'a, V>>> {
        loop {
            if let Some(due) = self.next_task(id) {
                return Poll::Ready(Some(due));
            }
            if self.over.is_full() {
                return Poll::Pending;
            }
            match self.questions.poll_next_unpin(cx) {
                Poll::Ready(Some((id, question))) => self.begin(id, question),
                Poll::Ready(None) if self.all_begun() => {}
                Poll::Ready(None) if self.open.is_empty() => return Poll::Ready(None),
                // The branches under way may make others due.
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn ended(&mut self, (number, task): Self::Purpose, branch: Branch<Done<V>>) -> Vec<BranchId> {
        if let Task::Ballot(voter) = task {
            let ballot = branch.and_then(ballot);
            self.run.account(&ballot);
            return self.ballot_ended(number, voter, ballot);
        }
        let done = self.run.take_step(branch);
        self.step_ended(number, task, done);
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
