//! The course of a voting run.

use std::fmt;
use std::sync::Arc;

use futures_util::stream;
use patterns_core::{Agent, AggregateError, AggregateErrorKind, Outcome, Pattern, Warning};
use serde::Serialize;

use super::ballot::{BallotTask, Question};
use super::elect::identical;
use super::judging::{JudgeTask, Judgement};
use super::manner::Manner;
use super::polls::Due;
use super::rule::{Election, Rule, TieBreak};
use super::stop::{Stopper, StoppingRule};
use super::voter::Voter;
use super::voting_rule::VotingRule;
use crate::run::Run;
use crate::{AgentOptions, RunError, RunOptions};

/// Puts one question to several voters and lets a rule decide.
///
/// Voters are samples of one agent, or the members of a panel in turn. A voter that fails or says nothing countable abstains; no consensus is an outcome, not
/// an error.
pub struct Voting<V> {
    pub(super) panel: Vec<Voter<V>>,
    pub(super) voters: usize,
    pub(super) policy: StoppingRule,
    pub(super) manner: Manner,
    /// How many calls the elections of a batch share.
    pub(super) shared_calls: Option<u64>,
    pub(super) rule: VotingRule,
    pub(super) tie_break: TieBreak,
    pub(super) quorum: u64,
    pub(super) answer_of: Arc<AnswerOf<V>>,
    /// Brings an answer into the form in which it is counted, if that is not the question's own.
    pub(super) form: Option<Arc<Form>>,
    pub(super) judge: Option<Arc<dyn Agent<JudgeTask, Judgement>>>,
    /// Who is asked where the voters came to no consensus.
    pub(super) escalation: Option<Voter<V>>,
    /// Writes a ballot down, to see whether all are the same.
    pub(super) text_of: Option<fn(&V) -> String>,
    pub(super) warnings: Vec<Warning>,
}

/// Brings an answer into the form in which it is counted; `None` is an abstention.
type Form = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Finds the answer in a ballot; `None` is an abstention.
type AnswerOf<V> = dyn Fn(&V) -> Option<String> + Send + Sync;

impl<V> Voting<V> {
    /// The number of voters where none is set.
    pub const DEFAULT_VOTERS: usize = 5;

    /// Makes the pattern of one agent that is sampled; `answer_of` finds the answer in a ballot.
    pub fn new(
        agent: Arc<dyn Agent<BallotTask, V>>,
        answer_of: impl Fn(&V) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::of(
            vec![Voter::new(agent)],
            Self::DEFAULT_VOTERS,
            Arc::new(answer_of),
        )
    }

    /// Makes the pattern of a panel of named agents, one voter each unless
    /// [`voters`](Self::voters) says otherwise.
    pub fn panel(
        panel: impl IntoIterator<Item = (String, Arc<dyn Agent<BallotTask, V>>)>,
        answer_of: impl Fn(&V) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let panel = panel.into_iter();
        let panel = panel.map(|(name, agent)| Voter::new(agent).named(name));
        Self::of_voters(panel, answer_of)
    }

    /// Makes the pattern of these voters, one ballot each unless [`voters`](Self::voters) says
    /// otherwise.
    pub fn of_voters(
        panel: impl IntoIterator<Item = Voter<V>>,
        answer_of: impl Fn(&V) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let panel: Vec<Voter<V>> = panel.into_iter().collect();
        let voters = panel.len();
        Self::of(panel, voters, Arc::new(answer_of))
    }

    fn of(panel: Vec<Voter<V>>, voters: usize, answer_of: Arc<AnswerOf<V>>) -> Self {
        Self {
            panel,
            voters,
            policy: StoppingRule::default(),
            manner: Manner::default(),
            shared_calls: None,
            rule: VotingRule::default(),
            tie_break: TieBreak::default(),
            quorum: 0,
            answer_of,
            form: None,
            judge: None,
            escalation: None,
            text_of: None,
            warnings: Vec::new(),
        }
    }

    /// Sets how many ballots are cast at most. Panel members vote in turn, again and again.
    #[must_use]
    pub fn voters(mut self, voters: usize) -> Self {
        self.voters = voters;
        self
    }

    /// Sets when an election ends before all voters were asked; [`StoppingRule::Exact`] if it isn't
    /// set, which asks nobody whose vote cannot matter and never changes who wins. Voters are asked
    /// in waves that waste no call, and counted in the order in which they were asked.
    #[must_use]
    pub fn policy(mut self, policy: StoppingRule) -> Self {
        self.policy = policy;
        self
    }

    /// Asks voters one by one instead of in waves: so many ballots more than the policy needs are
    /// under way, it is decided again after each that is counted, and as soon as the election is
    /// decided, those under way are cancelled. Nobody waits for the slowest of a wave; what is
    /// cancelled may be billed. On recorded votes two spare ballots took a third of the time for
    /// 17 % more calls; 0 is the cheapest.
    #[must_use]
    pub fn streaming(mut self, spare: u64) -> Self {
        self.manner = self.manner.streaming(spare);
        self
    }

    /// Counts ballots in the order in which they come in, not in that of the voters. It ends
    /// elections sooner, and it is biased: quick answers are not as often right as slow ones (or
    /// more often, with some models), and two runs can differ.
    #[must_use]
    pub fn counted_as_they_come(mut self) -> Self {
        self.manner = self.manner.in_arrival_order();
        self
    }

    /// Lets the elections of a batch share so many calls: each goes to the election that gains most
    /// from it ([`CallIndex`](crate::CallIndex)), until the calls are spent or every election has
    /// ended; then the others are decided by the ballots that are in. [`voters`](Self::voters) is the
    /// most that one election gets, 100 at most.
    ///
    /// With more calls than a budget allows, they are spent when the budget is. All questions are
    /// read before the first is asked.
    #[must_use]
    pub fn shared_calls(mut self, calls: u64) -> Self {
        self.shared_calls = Some(calls);
        self
    }

    /// Sets the form in which answers are counted, `None` being an abstention;
    /// [`Question::counted`] if it isn't set. Where every sign matters, as in code, count answers as
    /// they are: `counted_as(|answer| Some(answer.to_owned()))`.
    #[must_use]
    pub fn counted_as(
        mut self,
        form: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.form = Some(Arc::new(form));
        self
    }

    /// Sets how ballots become a result: a [`Rule`](crate::Rule) that counts votes, or any other
    /// [`VotingRule`].
    ///
    /// Rules that don't count votes, and voters of unequal [weight](Voter::weight), need every
    /// ballot: with them [`StoppingRule::Exact`] asks all voters, and the other stopping rules are an
    /// error.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<VotingRule>) -> Self {
        self.rule = rule.into();
        self
    }

    /// Sets who judges the distinct answers under [`VotingRule::Judged`]; see
    /// [`judge_agent`](crate::judge_agent).
    #[must_use]
    pub fn judge(mut self, judge: Arc<dyn Agent<JudgeTask, Judgement>>) -> Self {
        self.judge = Some(judge);
        self
    }

    /// Asks a further voter, say a stronger model, where the voters come to no consensus: its answer
    /// wins then.
    #[must_use]
    pub fn escalate_to(mut self, voter: Voter<V>) -> Self {
        self.escalation = Some(voter);
        self
    }

    /// Sets what happens when several answers have the most votes.
    #[must_use]
    pub fn tie_break(mut self, tie_break: TieBreak) -> Self {
        self.tie_break = tie_break;
        self
    }

    /// Sets the least number of valid votes without which nobody wins.
    #[must_use]
    pub fn quorum(mut self, quorum: u64) -> Self {
        self.quorum = quorum;
        self
    }

    /// Notes for later that several samples at temperature 0 are one answer paid several times.
    #[must_use]
    pub fn warn_about_temperature(mut self, options: &AgentOptions) -> Self {
        if options.sampling.temperature == Some(0.0) {
            self.warnings.push(Warning::new(
                "temperature-zero",
                "at temperature 0 all samples of a model are nearly the same answer, paid for \
                 several times; raise the temperature or use a panel of models",
            ));
        }
        self
    }

    /// Warns if all ballots of an election are the same, word for word, reasons and all: then they are
    /// one answer paid several times, from a cache or at temperature 0.
    #[must_use]
    pub fn warn_about_identical_ballots(mut self) -> Self
    where
        V: Serialize,
    {
        self.text_of = Some(|ballot| serde_json::to_string(ballot).unwrap_or_default());
        self
    }

    /// Returns how many ballots are cast at most.
    pub fn voter_count(&self) -> usize {
        self.voters
    }

    /// Returns whether all voters are asked, whatever the first ones say.
    pub(super) fn asks_all(&self) -> bool {
        self.policy == StoppingRule::Fixed || self.counts_alike().is_none()
    }

    /// Returns the rule, if each ballot is one vote.
    fn counts_alike(&self) -> Option<Rule> {
        self.rule.votes().filter(|_| !self.is_weighted())
    }

    /// Returns whether some voters count for more than others.
    fn is_weighted(&self) -> bool {
        self.panel.windows(2).any(|it| it[0].weight != it[1].weight)
    }

    /// Returns what decides when an election ends: the policy, with the voting rule.
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] if the set-up is of no use, as [`run`](Self::run) does.
    pub fn stopper(&self) -> Result<Stopper, RunError> {
        if self.panel.is_empty() || self.voters == 0 {
            return Err(RunError::InvalidSetup("there is no voter"));
        }
        if self.quorum > self.voters as u64 {
            return Err(RunError::InvalidSetup(
                "the quorum is larger than the number of voters",
            ));
        }
        self.rule.check().map_err(RunError::InvalidSetup)?;
        if matches!(self.rule, VotingRule::Judged(_)) && self.judge.is_none() {
            return Err(RunError::InvalidSetup("the voting rule needs a judge"));
        }
        if self.is_weighted() && self.rule.votes().is_none() {
            return Err(RunError::InvalidSetup(
                "voters have weights that the voting rule does not count",
            ));
        }
        let Some(rule) = self.counts_alike() else {
            if matches!(self.tie_break, TieBreak::Extend { .. }) {
                return Err(RunError::InvalidSetup(
                    "only votes of equal weight can be extended after a tie",
                ));
            }
            if !matches!(self.policy, StoppingRule::Fixed | StoppingRule::Exact) {
                return Err(RunError::InvalidSetup(
                    "only votes of equal weight can be stopped early: this vote goes with the \
                     policies exact and fixed, which ask everybody",
                ));
            }
            return Ok(Stopper::new(&StoppingRule::Fixed, self.voters as u64)?);
        };
        let stopper = Stopper::new(&self.policy, self.voters as u64)?;
        let stopper = stopper.decided_by(rule, self.tie_break, self.quorum);
        Ok(if self.asks_all() {
            stopper
        } else {
            stopper.or_decided()
        })
    }
}

impl<V: Send + Sync + 'static> Voting<V> {
    /// Asks all voters and decides.
    ///
    /// The branches of the outcome are the ballots, in voter order; judgements and an escalation are
    /// its steps. Where the budget is used up first, the ballots that are in decide, and the election
    /// says so by [`StopReason::CallsSpent`](crate::StopReason::CallsSpent).
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
    ) -> Result<Outcome<Election, V>, RunError> {
        let question = question.into();
        if question.text.trim().is_empty() {
            return Err(RunError::NoInput("the question is empty"));
        }
        let polls = self.polls()?;
        let branches = self.asks_all().then_some(self.voters as u64);
        let mut run = Run::start(options, Pattern::Voting, branches);
        self.raise_warnings(&mut run);
        let questions = stream::iter([(String::new(), question)]);
        let mut held = None;
        let label = |due: &Due| self.name(due.voter);
        let (stop, mut rest) = self
            .hold(polls, questions, &mut run, label, |_, course| {
                held = Some(course);
                0
            })
            .await;
        let is_spent = run.is_out_of_budget(stop);
        let broken_off = rest.pop().map(|(_, course)| course);
        let broken_off = broken_off.map(|it| if is_spent { it.spent() } else { it });
        let course = held.or(broken_off);
        if course.as_ref().is_some_and(|it| self.is_uniform(it)) {
            run.warn(identical(1, 1));
        }
        let forecast = self.forecast();
        let elected = course.map(|it| self.elect(it, forecast.as_ref()));
        let (election, branches) = elected.unzip();
        let nothing = || AggregateError::new(AggregateErrorKind::NothingAnswered);
        // The ballots that were paid for are a result, if a short one.
        let is_short = is_spent && election.as_ref().is_some_and(|it| it.total_votes > 0);
        let verdict = run
            .verdict(stop)
            .or_else(|error| is_short.then_some(()).ok_or(error));
        let value = verdict.and_then(|()| election.ok_or_else(nothing));
        Ok(run.finish(value, branches.unwrap_or_default()))
    }
}

impl<V> fmt::Debug for Voting<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Voting")
            .field("panel", &self.panel.len())
            .field("voters", &self.voters)
            .field("policy", &self.policy)
            .field("rule", &self.rule)
            .field("tie_break", &self.tie_break)
            .field("quorum", &self.quorum)
            .finish_non_exhaustive()
    }
}
