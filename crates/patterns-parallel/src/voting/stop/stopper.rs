//! Decides after each wave whether an election stops, or how many more voters are asked.

use serde::{Deserialize, Serialize};

use super::criterion::{Criterion, WinCondition};
use super::stopping_rule::{StoppingRule, StoppingRuleError};
use super::tally::Tally;
use crate::voting::rules::{LeastShare, TieBreak};

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
/// themselves.)
///
/// ```
/// use patterns_parallel::voting::{Step, Stopper, StoppingRule, Tally};
///
/// let stopper = Stopper::new(&StoppingRule::AheadBy(3), 40)?;
/// let mut tally: Tally = Tally::new();
/// assert_eq!(stopper.next(&tally), Step::Ask(3));
/// for vote in ["yes", "no", "yes"] {
///     tally.count(Some(vote));
/// }
/// assert_eq!(stopper.next(&tally), Step::Ask(2));
/// # Ok::<(), patterns_parallel::voting::StoppingRuleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stopper {
    max_votes: u64,
    criterion: Criterion,
    condition: WinCondition,
    or_decided: bool,
}

impl Stopper {
    /// Makes `rule` ready for votes with at most `max_votes` voters.
    ///
    /// # Errors
    ///
    /// Returns a [`StoppingRuleError`] if there is no voter, if a value of the rule is out of
    /// range, and if the rule cannot look ahead that far.
    pub fn new(rule: &StoppingRule, max_votes: u64) -> Result<Self, StoppingRuleError> {
        rule.check()?;
        if max_votes == 0 {
            return Err(StoppingRuleError::NoVotes);
        }
        let most = rule.most_votes();
        if max_votes > most {
            return Err(StoppingRuleError::TooManyVotes {
                rule: rule.name(),
                votes: max_votes,
                most,
            });
        }
        let criterion = Criterion::new(rule, max_votes)?;
        Ok(Self {
            max_votes,
            criterion,
            condition: WinCondition::default(),
            or_decided: false,
        })
    }

    /// Sets how the election is decided in the end: by plurality, ties to the answer that was seen
    /// first and no quorum if this is not called.
    ///
    /// `exact` and [`or_decided`](Self::or_decided) stop when no vote to come can change that.
    #[must_use]
    pub fn decided_by(mut self, least: LeastShare, tie_break: TieBreak, quorum: u64) -> Self {
        self.condition = WinCondition {
            least,
            tie_break,
            quorum,
        };
        self
    }

    /// Also stops as soon as no vote to come can change who wins, whatever the rule.
    ///
    /// That saves calls and never changes the winner.
    #[must_use]
    pub fn or_decided(mut self) -> Self {
        self.or_decided = true;
        self
    }

    /// Returns the most votes that are cast.
    pub fn max_votes(&self) -> u64 {
        self.max_votes
    }

    /// Decides what to do after the votes so far.
    pub fn next<K>(&self, tally: &Tally<K>) -> Step {
        match self.next_of_all(tally) {
            Step::Stop(_) if self.left(tally) > 0 && self.condition.is_tied(tally) => Step::Ask(1),
            step => step,
        }
    }

    /// Decides as if a tie were the end.
    fn next_of_all<K>(&self, tally: &Tally<K>) -> Step {
        let left = self.max_votes.saturating_sub(tally.calls());
        let decided = self
            .or_decided
            .then(|| Criterion::Exact.need(tally, left, self.condition))
            .flatten();
        let need = self.criterion.need(tally, left, self.condition);
        match (decided, need) {
            (Some(0), _) => Step::Stop(StopReason::Decided),
            (_, Some(0)) => Step::Stop(self.criterion.reason()),
            _ if left == 0 => Step::Stop(StopReason::AllVotesCast),
            // A plan has chosen its waves with regard to the rounds they save.
            (_, Some(wave)) if self.criterion.is_plan() => Step::Ask(wave.min(left)),
            _ => Step::Ask(left.min(need.unwrap_or(left)).min(decided.unwrap_or(left))),
        }
    }

    /// Returns how many more voters can be asked: those that are left, and then those by whom a tie
    /// may be extended.
    pub(in crate::voting) fn left<K>(&self, tally: &Tally<K>) -> u64 {
        let left = self.max_votes.saturating_sub(tally.calls());
        match self.condition.tie_break {
            TieBreak::Extend { most } if left == 0 || self.condition.is_tied(tally) => {
                most.max(self.max_votes).saturating_sub(tally.calls())
            }
            _ => left,
        }
    }
}
