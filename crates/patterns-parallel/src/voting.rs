//! Voting: the same question to several voters, then a consensus.
//!
//! ```text
//! question ─► panel of voters ─► ballots ─► rule (and a judge) ─► Election
//!                 ▲                 │
//!                 └── stopping rule ◄┘
//! ```
//!
//! A [`Panel`] casts ballots, a [`Rule`] decides on them, a [`StoppingRule`] says when no more voters
//! are asked, and [`Voting`] puts these together.

mod election;
mod elections;
mod fields;
mod judge;
mod panel;
mod question;
mod rules;
mod stop;
mod voter;

use std::num::{NonZeroU64, NonZeroUsize};

use crate::RunError;
use election::standings;
pub use election::{BatchElection, BatchTally, Election, Standing};
pub use fields::Fields;
pub use judge::{JudgeTask, Judgement};
pub use panel::Panel;
pub use question::{Ballot, BallotTask, Question, Vote};
pub use rules::{
    AnswerCount, BestOf, Decision, Detail, FieldElection, Median, Plurality, Rule, Ruling,
    SameMeaning, Share, ShareInterval, Spread, TieBreak,
};
use stop::{Foresight, MOST_VOTES, Stopper};
pub use stop::{Step, StopReason, StoppingRule};
pub use voter::Voter;

/// Puts one question to several voters and lets a rule decide.
///
/// A voter that fails or says nothing countable abstains; no consensus is an outcome, not an error.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use patterns_parallel::voting::{Panel, Plurality, Question, Voting};
/// use patterns_parallel::{AgentOptions, RunOptions};
/// use patterns_testkit::ScriptedModel;
///
/// let model = Arc::new(ScriptedModel::by(|_| {
///     r#"{"reasoning": "It melts at 0 °C.", "answer": "yes", "confidence": 0.9}"#
/// }));
/// let panel = Panel::of_model(model, &AgentOptions::default());
/// let question = Question::new("Does ice melt at 5 °C?").options(["yes", "no"]);
/// let voting = Voting::new(panel, Plurality::majority()).quorum(3);
/// let election = voting.run(question, &RunOptions::default()).await?.value?;
/// assert_eq!(election.winning_answer.as_deref(), Some("yes"));
/// // Three of five agree, so no further vote could change that.
/// assert_eq!((election.total_votes, election.voters), (3, 5));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Voting<V, R = Plurality> {
    panel: Panel<V>,
    rule: R,
    voters: NonZeroUsize,
    stopping: StoppingRule,
    asking: Asking,
    tie_break: TieBreak,
    quorum: u64,
    /// Who is asked where the voters came to no consensus.
    escalation: Option<Voter<V>>,
}

/// How the voters of an election are asked. Whichever it is, nobody is asked of whom the stopping rule wants to
/// know nothing, and ballots are counted in voter order: quick answers are not as often right as slow ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asking {
    /// In waves that waste no call: as many at once as the stopping rule needs at least.
    #[default]
    Waves,
    /// One by one: `spare` ballots more than the stopping rule needs are under way, it decides again
    /// after each that is counted, and as soon as the election is decided, those under way are
    /// cancelled. Nobody waits for the slowest of a wave; what is cancelled may be billed. On recorded
    /// votes two spare ballots took a third of the time for 17 % more calls; 0 is the cheapest.
    Streaming {
        /// How many ballots more than are needed are under way.
        spare: u64,
    },
    /// The elections of a batch share so many calls: each goes to the election that gains most from
    /// it, until the calls are spent or every election has ended; then the others are decided by the
    /// ballots that are in. One election gets [`MOST_SHARING`](Self::MOST_SHARING) at most.
    ///
    /// With more calls than a budget allows, they are spent when the budget is. All questions are read
    /// before the first is asked.
    SharedCalls(NonZeroU64),
}

impl Asking {
    /// The most voters of elections that share calls: no table looks further ahead.
    pub const MOST_SHARING: u64 = MOST_VOTES;
}

impl<V> Voting<V, Plurality> {
    /// The number of ballots of a panel of one, where none is set.
    pub const DEFAULT_VOTERS: NonZeroUsize = NonZeroUsize::new(5).expect("it is not zero");
}

impl<V, R: Rule> Voting<V, R> {
    /// Lets a panel vote by a rule. A panel of one casts five ballots, all others one for each member,
    /// unless [`voters`](Self::voters) says otherwise.
    pub fn new(panel: Panel<V>, rule: R) -> Self {
        let members = NonZeroUsize::new(panel.voters.len());
        let several = members.filter(|it| it.get() > 1);
        Self {
            panel,
            rule,
            voters: several.unwrap_or(Voting::<V>::DEFAULT_VOTERS),
            stopping: StoppingRule::default(),
            asking: Asking::default(),
            tie_break: TieBreak::default(),
            quorum: 0,
            escalation: None,
        }
    }

    /// Sets how many ballots are cast at most. Panel members vote in turn, again and again.
    #[must_use]
    pub fn voters(mut self, voters: NonZeroUsize) -> Self {
        self.voters = voters;
        self
    }

    /// Sets when an election ends before all voters were asked; [`StoppingRule::Exact`] if it isn't
    /// set, which asks nobody whose vote cannot matter and never changes who wins.
    ///
    /// Rules that don't count votes, and voters of unequal [weight](Voter::weight), need every
    /// ballot: with them [`StoppingRule::Exact`] asks all voters, and the other stopping rules are an
    /// error.
    #[must_use]
    pub fn stop_by(mut self, rule: StoppingRule) -> Self {
        self.stopping = rule;
        self
    }

    /// Sets how voters are asked: [in waves](Asking::Waves) if it isn't set.
    #[must_use]
    pub fn asking(mut self, asking: Asking) -> Self {
        self.asking = asking;
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

    /// Returns how an election stood after each of its ballots.
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] if no election can be held like that, as [`run`](Self::run) does.
    pub fn standings(&self, ballots: &[Ballot]) -> Result<Vec<Standing>, RunError> {
        Ok(standings(ballots, &self.stopper()?))
    }

    /// Returns whether all voters are asked, whatever the first ones say.
    fn asks_all(&self) -> bool {
        self.stopping == StoppingRule::Fixed || self.counts_alike().is_none()
    }

    /// Returns which share wins, if each ballot is one vote.
    fn counts_alike(&self) -> Option<Share> {
        self.rule
            .least_share()
            .filter(|_| !self.panel.is_weighted())
    }

    /// Returns what decides when an election ends: the stopping rule, with the voting rule.
    fn stopper(&self) -> Result<Stopper, RunError> {
        let voters = self.voters.get() as u64;
        let invalid = |what| Err(RunError::InvalidSetup(what));
        if self.panel.voters.is_empty() {
            return invalid("there is no voter");
        }
        if self.quorum > voters {
            return invalid("the quorum is larger than the number of voters");
        }
        if self.panel.is_weighted() && self.rule.least_share().is_none() {
            return invalid("voters have weights that the voting rule does not count");
        }
        let Some(least) = self.counts_alike() else {
            if !matches!(self.stopping, StoppingRule::Fixed | StoppingRule::Exact) {
                return invalid(
                    "only votes of equal weight can be stopped early: this vote goes with the \
                     stopping rules exact and fixed, which ask everybody",
                );
            }
            return Stopper::new(StoppingRule::Fixed, voters);
        };
        let stopper = Stopper::new(self.stopping, voters)?;
        Ok(stopper.decided_by(least, self.tie_break, self.quorum))
    }

    /// Returns what foresees the vote of all voters, where elections may end before that is sure.
    fn foresight(&self, stopper: &Stopper) -> Result<Option<Foresight>, RunError> {
        let foresight = || match stopper.foresight() {
            Some(foresight) => Ok(foresight.clone()),
            None => Foresight::new(self.voters.get() as u64),
        };
        Ok(match (self.asking, self.stopping) {
            (Asking::SharedCalls(_), _) => Some(foresight()?),
            (_, StoppingRule::Fixed | StoppingRule::Exact) => None,
            _ => foresight().ok(),
        })
    }

    /// Names the voter that casts a ballot.
    fn label(&self, voter: usize) -> String {
        self.panel.label(voter, self.voters.get())
    }
}
