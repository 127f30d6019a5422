//! A stopping rule with its tables: how many further calls it needs at least.

use std::sync::Arc;

use super::beta::BetaTable;
use super::error::StoppingRuleError;
use super::forecast::{Forecast, chain};
use super::plan::{Plan, Prediction};
use super::state::State;
use super::stopper::StopReason;
use super::stopping_rule::StoppingRule;
use super::tally::Tally;
use super::win_condition::WinCondition;

/// A rule with its tables.
#[derive(Clone, Debug)]
pub(super) enum Criterion {
    Fixed,
    Exact,
    AheadBy(u64),
    Beta(BetaTable),
    Plan(Arc<Planned>),
}

/// A plan and what it is expected to cost.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) prediction: Prediction,
    plan: Plan,
}

impl Criterion {
    pub(super) fn new(rule: &StoppingRule, max_votes: u64) -> Result<Self, StoppingRuleError> {
        Ok(match *rule {
            StoppingRule::Fixed => Self::Fixed,
            StoppingRule::Exact => Self::Exact,
            StoppingRule::AheadBy(lead) => Self::AheadBy(lead),
            StoppingRule::AdaptiveConsistency { confidence } => {
                Self::Beta(BetaTable::new(confidence, max_votes))
            }
            StoppingRule::Plan(goal) => {
                let chain = chain(max_votes, rule.name())?;
                let forecast = Forecast::of(&chain);
                let (plan, prediction) = Plan::new(&chain, &forecast, goal);
                Self::Plan(Arc::new(Planned { plan, prediction }))
            }
        })
    }

    /// Returns the least number of further calls after which the rule can be met; 0 if it is,
    /// `None` if it cannot be, with `left` calls left.
    ///
    /// A streak for the leader is the shortest way, but to an end that nobody wins.
    pub(super) fn need<K>(
        &self,
        tally: &Tally<K>,
        left: u64,
        condition: WinCondition,
    ) -> Option<u64> {
        let (leader, runner_up) = tally.front();
        match self {
            Self::Fixed => None,
            // When all votes are cast, that is the plainer reason.
            Self::Exact => (left > 0).then(|| condition.need(tally, left)),
            Self::AheadBy(lead) => Some(lead.saturating_sub(leader - runner_up)),
            Self::Beta(table) => table.lacking(leader, runner_up),
            Self::Plan(_) if left == 0 => None,
            Self::Plan(table) => table.plan.wave(State::of(tally)?),
        }
    }

    pub(super) fn is_plan(&self) -> bool {
        matches!(self, Self::Plan(_))
    }

    /// Returns why a vote is over when the rule is met.
    pub(super) fn reason(&self) -> StopReason {
        match self {
            Self::Fixed => StopReason::AllVotesCast,
            Self::Exact => StopReason::Decided,
            Self::AheadBy(_) => StopReason::AheadEnough,
            Self::Beta(_) => StopReason::Confident,
            Self::Plan(_) => StopReason::PlanStop,
        }
    }
}
