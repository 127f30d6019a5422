//! Decides after each wave whether an election stops, or how many more voters are asked.

use serde::{Deserialize, Serialize};

use super::beta::BetaTable;
use super::forecast::{Chain, Forecast};
use super::plan::Plan;
use super::state::State;
use super::stopping_rule::StoppingRule;
use super::tally::Tally;
use crate::voting::rules::{LeastShare, RuleError, TieBreak};

/// What to do next in a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The vote is over.
    Stop(StopReason),
    /// So many further calls, 1 or more, can be made at once without wasting one.
    Ask(u64),
}

/// Why a vote is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// All votes were cast before the rule was met.
    AllVotesCast,
    /// No vote to come can change who wins, or that nobody does.
    Decided,
    /// The leader is far enough ahead.
    AheadEnough,
    /// The leader is sure enough to be the winner.
    Confident,
    /// Further calls cost more than they are worth.
    PlanStop,
    /// The budget is used up, or the calls are spent that the elections of a batch shared.
    CallsSpent,
}

/// A [`StoppingRule`] made ready for votes with at most N voters.
///
/// Its tables are made once and shared by clones. Decisions are pure: they depend on the tally
/// alone.
///
/// A wave is *zero-waste*: it is as long as the shortest continuation in which the rule can stop,
/// so asking one voter at a time would have bought the same calls. (A plan decides the waves
/// themselves.) Under every rule but `fixed`, an election that is decided is over.
///
/// ```
/// use patterns_parallel::voting::{Step, Stopper, StoppingRule, Tally};
///
/// let stopper = Stopper::new(StoppingRule::AheadBy(3), 40)?;
/// let mut tally = Tally::default();
/// assert_eq!(stopper.next(&tally), Step::Ask(3));
/// for vote in ["yes", "no", "yes"] {
///     tally.count(Some(vote));
/// }
/// assert_eq!(stopper.next(&tally), Step::Ask(2));
/// # Ok::<(), patterns_parallel::voting::RuleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stopper {
    max_votes: u64,
    criterion: Criterion,
    condition: WinCondition,
    /// Whether the election is over, too, as soon as it is decided.
    pub(super) or_decided: bool,
}

/// A rule with its tables.
#[derive(Clone, Debug)]
enum Criterion {
    /// None beside that the election is decided, if that ends it.
    None,
    AheadBy(u64),
    Beta(BetaTable),
    Plan(Plan),
}

/// By what an election is decided once its votes are cast.
#[derive(Clone, Copy, Debug, Default)]
struct WinCondition {
    least: LeastShare,
    tie_break: TieBreak,
    quorum: u64,
}

impl Stopper {
    /// Makes `rule` ready for votes with at most `max_votes` voters, which are decided by plurality.
    ///
    /// # Errors
    ///
    /// Returns a [`RuleError`] if there is no voter, if a value of the rule is out of range, and if the
    /// rule cannot look ahead that far.
    pub fn new(rule: StoppingRule, max_votes: u64) -> Result<Self, RuleError> {
        rule.check(max_votes)?;
        let criterion = match rule {
            StoppingRule::Fixed | StoppingRule::Exact => Criterion::None,
            StoppingRule::AheadBy(lead) => Criterion::AheadBy(lead),
            StoppingRule::Adaptive(confidence) => {
                Criterion::Beta(BetaTable::new(confidence, max_votes))
            }
            StoppingRule::Plan(risk) => {
                let chain = Chain::new(max_votes)?;
                let (plan, _) = Plan::new(&chain, &Forecast::of(&chain), risk);
                Criterion::Plan(plan)
            }
        };
        Ok(Self {
            max_votes,
            criterion,
            condition: WinCondition::default(),
            or_decided: rule != StoppingRule::Fixed,
        })
    }

    /// Sets how the election is decided in the end: by plurality, ties to the answer that was seen
    /// first and no quorum if this is not called.
    #[must_use]
    pub(in crate::voting) fn decided_by(
        mut self,
        least: LeastShare,
        tie_break: TieBreak,
        quorum: u64,
    ) -> Self {
        self.condition = WinCondition {
            least,
            tie_break,
            quorum,
        };
        self
    }

    /// Decides what to do after the votes so far.
    pub fn next(&self, tally: &Tally) -> Step {
        match self.next_of_all(tally) {
            Step::Stop(_) if self.left(tally) > 0 && self.condition.is_tied(tally) => Step::Ask(1),
            step => step,
        }
    }

    /// Decides as if a tie were the end.
    fn next_of_all(&self, tally: &Tally) -> Step {
        let left = self.max_votes.saturating_sub(tally.calls());
        // When all votes are cast, that is the plainer reason.
        let may_be_decided = self.or_decided && left > 0;
        let decided = may_be_decided.then(|| self.condition.need(tally, left));
        match (decided, self.criterion.need(tally, left)) {
            (Some(0), _) => Step::Stop(StopReason::Decided),
            (_, Some(0)) => Step::Stop(self.criterion.reason()),
            _ if left == 0 => Step::Stop(StopReason::AllVotesCast),
            // A plan has chosen its waves with regard to the rounds they save.
            (_, Some(wave)) if matches!(self.criterion, Criterion::Plan(_)) => {
                Step::Ask(wave.min(left))
            }
            (decided, need) => {
                Step::Ask(left.min(need.unwrap_or(left)).min(decided.unwrap_or(left)))
            }
        }
    }

    /// Returns how many more voters can be asked: those that are left, and then those by whom a tie
    /// may be extended.
    pub(in crate::voting) fn left(&self, tally: &Tally) -> u64 {
        let left = self.max_votes.saturating_sub(tally.calls());
        match self.condition.tie_break {
            TieBreak::Extend { most } if left == 0 || self.condition.is_tied(tally) => {
                most.max(self.max_votes).saturating_sub(tally.calls())
            }
            _ => left,
        }
    }
}

impl Criterion {
    /// Returns the least number of further calls after which the rule can be met, with `left` calls left; 0
    /// if it is met, `None` if it cannot be. A streak for the leader is the shortest way.
    fn need(&self, tally: &Tally, left: u64) -> Option<u64> {
        let (leader, runner_up) = tally.front();
        match self {
            Self::None => None,
            Self::AheadBy(lead) => Some(lead.saturating_sub(leader - runner_up)),
            Self::Beta(table) => table.lacking(leader, runner_up),
            Self::Plan(_) if left == 0 => None,
            Self::Plan(plan) => plan.wave(State::of(tally)?),
        }
    }

    /// Returns why a vote is over when the rule is met.
    fn reason(&self) -> StopReason {
        match self {
            Self::None => StopReason::AllVotesCast,
            Self::AheadBy(_) => StopReason::AheadEnough,
            Self::Beta(_) => StopReason::Confident,
            Self::Plan(_) => StopReason::PlanStop,
        }
    }
}

impl WinCondition {
    /// Returns whether the votes so far are a tie that further voters are to break.
    fn is_tied(self, tally: &Tally) -> bool {
        let (leader, runner_up) = tally.front();
        matches!(self.tie_break, TieBreak::Extend { .. })
            && leader == runner_up
            && tally.votes() >= self.quorum.max(1)
            && leader >= self.least.least_votes(tally.votes())
    }

    /// Returns the least number of the `left` calls after which the rest of them cannot change who
    /// wins, or that nobody does; 0 if it is so now.
    ///
    /// The shortest way to a sure winner is a streak for the leader. The shortest way to none is
    /// that calls are wasted: on abstentions if that misses the quorum, or else on new answers.
    fn need(self, tally: &Tally, left: u64) -> u64 {
        let (leader, runner_up) = tally.front();
        let most_votes = tally.votes().saturating_add(left);
        let enough = self.least.least_votes(most_votes);
        // Each vote of a streak adds one to the lead and takes one from the calls left. A tie at
        // the end can be afforded by who wins it.
        let wins_ties = self.tie_break == TieBreak::FirstSeen && tally.leader_was_seen_first();
        let lead = left.saturating_add(u64::from(!wins_ties));
        let for_rank = lead.saturating_sub(leader - runner_up).div_ceil(2);
        let for_quorum = self.quorum.saturating_sub(tally.votes());
        let for_share = enough.saturating_sub(leader);
        let sure_winner = for_rank.max(for_quorum).max(for_share);
        let too_few = most_votes.saturating_add(1).saturating_sub(self.quorum);
        let best = leader.max(1).saturating_add(left);
        let too_divided = best.saturating_add(1).saturating_sub(enough);
        sure_winner.min(too_few).min(too_divided)
    }
}
