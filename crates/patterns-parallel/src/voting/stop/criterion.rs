//! Computes how many further calls a stopping rule needs at least, by its tables.

use super::beta::BetaTable;
use super::forecast::{Forecast, chain};
use super::plan::Plan;
use super::state::State;
use super::stopper::StopReason;
use super::stopping_rule::{StoppingRule, StoppingRuleError};
use super::tally::Tally;
use crate::voting::rules::{LeastShare, TieBreak};

/// A rule with its tables.
#[derive(Clone, Debug)]
pub(super) enum Criterion {
    Fixed,
    Exact,
    AheadBy(u64),
    Beta(BetaTable),
    Plan(Plan),
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
            StoppingRule::Plan { risk } => {
                let chain = chain(max_votes, rule.name())?;
                let (plan, _) = Plan::new(&chain, &Forecast::of(&chain), risk);
                Self::Plan(plan)
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
            Self::Plan(plan) => plan.wave(State::of(tally)?),
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

/// By what an election is decided once its votes are cast.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WinCondition {
    pub(super) least: LeastShare,
    pub(super) tie_break: TieBreak,
    pub(super) quorum: u64,
}

impl WinCondition {
    /// Returns whether the votes so far are a tie that further voters are to break.
    pub(super) fn is_tied<K>(self, tally: &Tally<K>) -> bool {
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
    pub(super) fn need<K>(self, tally: &Tally<K>, left: u64) -> u64 {
        let (leader, runner_up) = tally.front();
        let most_votes = tally.votes().saturating_add(left);
        let enough = self.least.least_votes(most_votes);
        // Each vote of a streak adds one to the lead and takes one from the calls left. A tie at
        // the end can be afforded by who wins it.
        let wins_ties = match self.tie_break {
            TieBreak::FirstSeen => tally.leader_was_seen_first(),
            TieBreak::NoConsensus | TieBreak::Extend { .. } => false,
        };
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
