//! A stopping rule with its tables: how many further calls it needs at least.

use std::sync::Arc;

use super::beta::BetaTable;
use super::certificate::Certificate;
use super::dirichlet::{Groups, leader_confidence};
use super::early_stopping;
use super::error::StoppingRuleError;
use super::exact::Verdict;
use super::forecast::{Forecast, chain};
use super::plan::{Plan, Prediction};
use super::rule::StoppingRule;
use super::state::State;
use super::stopper::StopReason;
use super::tally::Tally;

/// A rule with its tables.
#[derive(Clone, Debug)]
pub(super) enum Criterion {
    Fixed,
    Exact,
    AheadBy(u64),
    FirstTo(u64),
    Beta(BetaTable),
    Dirichlet { confidence: f64, beta: BetaTable },
    EarlyStopping(u64),
    Certificate(Certificate),
    Horizon { forecast: Forecast, confidence: f64 },
    Plan(Arc<Planned>),
}

/// A plan and what it rests on.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) forecast: Forecast,
    pub(super) prediction: Prediction,
    plan: Plan,
}

impl Criterion {
    pub(super) fn new(rule: &StoppingRule, max_votes: u64) -> Result<Self, StoppingRuleError> {
        Ok(match *rule {
            StoppingRule::Fixed => Self::Fixed,
            StoppingRule::Exact => Self::Exact,
            StoppingRule::AheadBy(lead) => Self::AheadBy(lead),
            StoppingRule::FirstTo(votes) => Self::FirstTo(votes),
            StoppingRule::AdaptiveConsistency { confidence } => {
                Self::Beta(BetaTable::new(confidence, max_votes))
            }
            StoppingRule::AdaptiveConsistencyDirichlet { confidence } => Self::Dirichlet {
                confidence,
                beta: BetaTable::new(confidence, max_votes),
            },
            StoppingRule::EarlyStopping { window } => Self::EarlyStopping(window),
            StoppingRule::Certificate { delta } => {
                Self::Certificate(Certificate::new(delta, max_votes))
            }
            StoppingRule::Horizon { risk } => Self::Horizon {
                forecast: Forecast::new(max_votes)?,
                confidence: 1.0 - risk,
            },
            StoppingRule::Plan(goal) => {
                let chain = chain(max_votes, rule.name())?;
                let forecast = Forecast::of(&chain);
                let (plan, prediction) = Plan::new(&chain, &forecast, goal);
                Self::Plan(Arc::new(Planned {
                    forecast,
                    plan,
                    prediction,
                }))
            }
        })
    }

    /// Returns the least number of further calls after which the rule can be met; 0 if it is,
    /// `None` if it cannot be, with `left` calls left.
    ///
    /// A streak for the leader is the shortest way, but to a verdict that nobody wins.
    pub(super) fn need<K>(&self, tally: &Tally<K>, left: u64, verdict: Verdict) -> Option<u64> {
        let (leader, runner_up) = tally.front();
        match self {
            Self::Fixed => None,
            // When all votes are cast, that is the plainer reason.
            Self::Exact => (left > 0).then(|| verdict.need(tally, left)),
            Self::AheadBy(lead) => Some(lead.saturating_sub(leader - runner_up)),
            Self::FirstTo(votes) => Some(votes.saturating_sub(leader)),
            Self::Beta(table) => table.lacking(leader, runner_up),
            Self::Dirichlet { confidence, beta } => {
                // The Dirichlet rule is the stricter one.
                let from = beta.lacking(leader, runner_up)?;
                let groups = Groups::of(tally);
                least(from, left, |further| {
                    leader_confidence(&groups, further) >= *confidence
                })
            }
            Self::EarlyStopping(window) => {
                Some(early_stopping::need(*window, tally.calls(), tally.streak()))
            }
            Self::Certificate(certificate) => {
                let options = tally.options();
                least(0, left, |further| {
                    certificate.holds(leader + further, runner_up, options)
                })
            }
            Self::Horizon {
                forecast,
                confidence,
            } => {
                let state = State::of(tally)?;
                // Before the first vote there is no leader to be sure of.
                let least = usize::from(tally.votes() == 0);
                (least..=usize::try_from(left).ok()?)
                    .find(|votes| {
                        forecast
                            .win_at(state.streak(*votes))
                            .is_some_and(|p| p >= *confidence)
                    })
                    .map(|votes| votes as u64)
            }
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
            Self::FirstTo(_) => StopReason::VotesReached,
            Self::Beta(_) | Self::Dirichlet { .. } | Self::Horizon { .. } => StopReason::Confident,
            Self::EarlyStopping(_) => StopReason::WindowUnanimous,
            Self::Certificate(_) => StopReason::Certified,
            Self::Plan(_) => StopReason::PlanStop,
        }
    }
}

/// Returns the least number from `from` to `most` for which `is_met`, which stays met once it is.
fn least(from: u64, most: u64, is_met: impl Fn(u64) -> bool) -> Option<u64> {
    // The answer is mostly near: double the step, then halve it.
    let (mut low, mut step) = (from, 1);
    let mut high = from;
    while high <= most && !is_met(high) {
        low = high + 1;
        high = low + step;
        step *= 2;
    }
    let mut high = high.min(most.checked_add(1)?);
    while low < high {
        let middle = u64::midpoint(low, high);
        if is_met(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    (low <= most).then_some(low)
}
