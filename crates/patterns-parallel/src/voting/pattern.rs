//! The course of a voting run.

use std::fmt;
use std::sync::Arc;

use futures_util::stream;
use patterns_core::{
    Agent, AgentError, AggregateError, AggregateErrorKind, Answer, Branch, Origin, Outcome,
    Pattern, Warning,
};

use super::ballot::{Ballot, BallotTask, Question};
use super::detail::Terms;
use super::normalise::normalise;
use super::polls::{Course, Due, Polls};
use super::rule::{Election, TieBreak};
use super::stop::{Forecast, StopReason, Stopper, StoppingRule};
use super::voting_rule::VotingRule;
use crate::run::Run;
use crate::{AgentOptions, RunError, RunOptions};

/// Puts one question to several voters and lets a rule decide.
///
/// Voters are samples of one agent, or the members of a panel in turn. All of them get the same
/// words. A voter that fails or says nothing countable abstains; no consensus is an outcome, not
/// an error.
pub struct Voting<V> {
    panel: Vec<Panelist<V>>,
    voters: usize,
    policy: StoppingRule,
    rule: VotingRule,
    tie_break: TieBreak,
    quorum: u64,
    answer_of: Arc<AnswerOf<V>>,
    weight_of: Arc<WeightOf<V>>,
    /// Brings an answer into the form in which it is counted.
    form: fn(&str) -> Option<String>,
    warnings: Vec<Warning>,
}

/// Finds the answer in a ballot; `None` is an abstention.
type AnswerOf<V> = dyn Fn(&V) -> Option<String> + Send + Sync;

/// Weighs a ballot.
type WeightOf<V> = dyn Fn(&V) -> f64 + Send + Sync;

struct Panelist<V> {
    name: Option<String>,
    agent: Arc<dyn Agent<BallotTask, V>>,
}

impl<V> Voting<V> {
    /// The number of voters where none is set.
    pub const DEFAULT_VOTERS: usize = 5;

    /// Makes the pattern of one agent that is sampled; `answer_of` finds the answer in a ballot.
    pub fn new(
        agent: Arc<dyn Agent<BallotTask, V>>,
        answer_of: impl Fn(&V) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let panel = vec![Panelist { name: None, agent }];
        Self::of(panel, Self::DEFAULT_VOTERS, Arc::new(answer_of))
    }

    /// Makes the pattern of a panel of named agents, one voter each unless
    /// [`voters`](Self::voters) says otherwise.
    pub fn panel(
        panel: impl IntoIterator<Item = (String, Arc<dyn Agent<BallotTask, V>>)>,
        answer_of: impl Fn(&V) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let panel: Vec<_> = panel
            .into_iter()
            .map(|(name, agent)| Panelist {
                name: Some(name),
                agent,
            })
            .collect();
        let voters = panel.len();
        Self::of(panel, voters, Arc::new(answer_of))
    }

    fn of(panel: Vec<Panelist<V>>, voters: usize, answer_of: Arc<AnswerOf<V>>) -> Self {
        Self {
            panel,
            voters,
            policy: StoppingRule::default(),
            rule: VotingRule::default(),
            tie_break: TieBreak::default(),
            quorum: 0,
            answer_of,
            weight_of: Arc::new(|_| 1.0),
            form: normalise,
            warnings: Vec::new(),
        }
    }

    /// Sets how many ballots are cast. Panel members vote in turn, again and again.
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

    /// Sets the form in which answers are counted, `None` being an abstention; [`normalise`] if it
    /// isn't set. Where every sign matters, as in code, count answers as they are:
    /// `counted_as(|answer| Some(answer.to_owned()))`.
    #[must_use]
    pub fn counted_as(mut self, form: fn(&str) -> Option<String>) -> Self {
        self.form = form;
        self
    }

    /// Sets how ballots become a result: a [`Rule`](crate::Rule) that counts votes, or any other
    /// [`VotingRule`].
    ///
    /// Rules that don't count votes need every ballot: with them [`StoppingRule::Exact`] asks all
    /// voters, and the other stopping rules are an error.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<VotingRule>) -> Self {
        self.rule = rule.into();
        self
    }

    /// Sets [`VotingRule::Weighted`], and how much a ballot counts; what is no finite number above
    /// 0 counts nothing.
    #[must_use]
    pub fn weighted_by(self, weight_of: impl Fn(&V) -> f64 + Send + Sync + 'static) -> Self {
        let weight_of = Arc::new(weight_of);
        Self { weight_of, ..self }.rule(VotingRule::Weighted)
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

    pub(super) fn voter_count(&self) -> usize {
        self.voters
    }

    /// Returns whether all voters are asked, whatever the first ones say.
    pub(super) fn asks_all(&self) -> bool {
        self.policy == StoppingRule::Fixed || self.rule.votes().is_none()
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
        let Some(rule) = self.rule.votes() else {
            if !matches!(self.policy, StoppingRule::Fixed | StoppingRule::Exact) {
                return Err(RunError::InvalidSetup(
                    "only votes can be stopped early: this voting rule goes with the policies \
                     exact and fixed, which ask everybody",
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

    pub(super) fn raise_warnings(&self, run: &mut Run<'_>) {
        if self.voters > self.panel.len() {
            for warning in &self.warnings {
                run.warn(warning.clone());
            }
        }
    }

    fn name(&self, voter: usize) -> String {
        let name = self.panel[voter % self.panel.len()].name.as_deref();
        match name {
            Some(name) if self.voters <= self.panel.len() => name.to_owned(),
            Some(name) => format!("{name} #{}", voter / self.panel.len() + 1),
            None => format!("voter {}", voter + 1),
        }
    }

    pub(super) async fn cast(
        &self,
        voter: usize,
        question: Arc<Question>,
        origin: Origin,
    ) -> Result<Answer<V>, AgentError> {
        let sample = u32::try_from(voter / self.panel.len()).unwrap_or(u32::MAX);
        let task = BallotTask { question, sample };
        let agent = &self.panel[voter % self.panel.len()].agent;
        agent.run(&task, origin).await
    }

    /// Returns what a ballot is counted as.
    pub(super) fn counted(&self, value: &V) -> Option<String> {
        (self.answer_of)(value).as_deref().and_then(self.form)
    }

    /// Decides an election that is over, and returns its ballots too.
    pub(super) fn elect(
        &self,
        course: Course<V>,
        forecast: Option<&Forecast>,
    ) -> (Election, Vec<Branch<V>>) {
        let ballot = |(voter, branch): (usize, &Branch<V>)| {
            let answer = branch.value().and_then(|value| (self.answer_of)(value));
            Ballot {
                voter: self.name(voter),
                normalised: answer.as_deref().and_then(self.form),
                answer,
            }
        };
        let ballots = course.ballots.iter().enumerate().map(ballot).collect();
        let weight = |it: &Branch<V>| it.value().map_or(0.0, |value| (self.weight_of)(value));
        let weights: Vec<f64> = course.ballots.iter().map(weight).collect();
        let terms = Terms {
            rule: &self.rule,
            tie_break: self.tie_break,
            quorum: self.quorum,
        };
        let mut election = terms.decide(&course.question, ballots, &weights);
        election.voters = self.voters as u64;
        election.waves = course.waves;
        election.stop_reason = course.stop.unwrap_or(StopReason::AllVotesCast);
        election.stability = match election.stop_reason {
            _ if course.stop.is_none() => None,
            StopReason::AllVotesCast | StopReason::Decided => Some(1.0),
            _ => forecast.and_then(|it| it.win_probability(&course.tally)),
        };
        if election.stop_reason == StopReason::WindowUnanimous {
            // The last window wins, even against an earlier majority.
            let last = course.tally.latest();
            let mut ballots = election.ballots.iter().rev();
            let winner = ballots.find(|it| it.normalised.as_ref() == last);
            election.winning_answer = winner.and_then(|it| it.answer.clone());
        }
        (election, course.ballots)
    }

    /// Returns what foresees the vote of all voters, where elections may end before that is sure.
    pub(super) fn forecast(&self) -> Option<Forecast> {
        let may_err = !matches!(self.policy, StoppingRule::Fixed | StoppingRule::Exact);
        may_err
            .then(|| Forecast::new(self.voters as u64).ok())
            .flatten()
    }
}

impl<V: Send + Sync + 'static> Voting<V> {
    /// Asks all voters and decides.
    ///
    /// The branches of the outcome are the ballots, in voter order.
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
        let polls = Polls::new(self.stopper()?);
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
        let course = held.or_else(|| rest.pop());
        let forecast = self.forecast();
        let elected = course.map(|it| self.elect(it, forecast.as_ref()));
        let (election, branches) = elected.unzip();
        let nothing = || AggregateError::new(AggregateErrorKind::NothingAnswered);
        let verdict = run.verdict(stop);
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
