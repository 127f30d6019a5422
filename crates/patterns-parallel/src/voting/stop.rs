//! Decides after each wave whether an election stops, or how many more voters are asked.
//!
//! ```text
//! StoppingRule ──(N)──► Stopper      Tally ──► Stopper::next ──► Ask(n), a wave │ Stop(reason)
//! ```
//!
//! Everything here is pure and synchronous; who makes the calls counts the answers into a
//! [`Tally`] and asks again. `plan` rests on a [`Foresight`], whose numbers come from recorded votes;
//! so do elections that share a budget.

mod foresight;
mod pitman_yor;
mod stopping_rule;
mod tally;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::Serialize;

use super::rules::{Share, TieBreak};
use crate::RunError;
pub(super) use foresight::Foresight;
pub use stopping_rule::StoppingRule;
pub(super) use tally::{MOST_VOTES, Tally};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
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
/// The table of a rule is made once and shared by clones. Decisions are pure: they depend on the tally
/// alone.
///
/// A wave is *zero-waste*: it is as long as the shortest continuation in which the rule can stop,
/// so asking one voter at a time would have bought the same calls. (A plan decides the waves
/// themselves.) Under every rule but `fixed`, an election that is decided is over.
#[derive(Clone, Debug)]
pub(super) struct Stopper {
    max_votes: u64,
    criterion: Criterion,
    condition: WinCondition,
    /// Whether the election is over, too, as soon as it is decided.
    or_decided: bool,
}

/// A rule, ready to be asked.
#[derive(Clone, Debug)]
enum Criterion {
    /// None beside that the election is decided, if that ends it.
    None,
    AheadBy(u64),
    /// With how many votes a leader is sure enough, by those of the runner-up.
    Beta(Arc<[u64]>),
    Plan(Foresight),
}

/// By what an election is decided once its votes are cast.
#[derive(Clone, Copy, Debug, Default)]
struct WinCondition {
    least: Share,
    tie_break: TieBreak,
    quorum: u64,
}

impl Stopper {
    /// Makes `rule` ready for votes with at most `max_votes` voters, which are decided by plurality.
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] if there is no voter, if a value of the rule is out of range, and if the
    /// rule cannot look ahead that far.
    pub(super) fn new(rule: StoppingRule, max_votes: u64) -> Result<Self, RunError> {
        rule.check(max_votes)?;
        let criterion = match rule {
            StoppingRule::Fixed | StoppingRule::Exact => Criterion::None,
            StoppingRule::AheadBy(lead) => Criterion::AheadBy(lead),
            StoppingRule::Adaptive(confidence) => {
                Criterion::Beta(sure(confidence, max_votes).into())
            }
            StoppingRule::Plan => Criterion::Plan(Foresight::new(max_votes)?),
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
    pub(super) fn decided_by(mut self, least: Share, tie_break: TieBreak, quorum: u64) -> Self {
        self.condition = WinCondition {
            least,
            tie_break,
            quorum,
        };
        self
    }

    /// Decides what to do after the votes so far.
    pub(super) fn next(&self, tally: &Tally) -> Step {
        let left = self.left(tally);
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

    /// Returns what the rule foresees, if it rests on that.
    pub(super) fn foresight(&self) -> Option<&Foresight> {
        match &self.criterion {
            Criterion::Plan(foresight) => Some(foresight),
            Criterion::None | Criterion::AheadBy(_) | Criterion::Beta(_) => None,
        }
    }

    /// Returns how many more voters can be asked.
    pub(super) fn left(&self, tally: &Tally) -> u64 {
        self.max_votes.saturating_sub(tally.calls())
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
            Self::Beta(sure) => {
                let enough = sure.get(usize::try_from(runner_up).ok()?)?;
                Some(enough.saturating_sub(leader))
            }
            Self::Plan(_) if left == 0 => None,
            Self::Plan(plan) => plan.wave(tally),
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

/// Returns with how many votes a leader is sure enough, by those of the runner-up, as far as both may have
/// so many: P(p > 1/2) under Beta(a + 1, b + 1) is how likely its votes make it that it would win a vote
/// without end.
///
/// Source: Aggarwal et al., "Let's Sample Step by Step: Adaptive-Consistency" (arXiv 2305.11860). With
/// n = a + b + 1, the tail beyond is the sum of C(n, j) / 2^n over j ≤ b, and `last` is its last term.
fn sure(confidence: f64, max_votes: u64) -> Vec<u64> {
    let (mut leader, mut tail, mut last) = (0, 0.5, 0.5);
    let mut enough = Vec::new();
    for runner_up in 0.. {
        while 1.0 - tail < confidence && leader + runner_up <= max_votes {
            leader += 1;
            tail -= last / 2.0;
            last = last * (leader + runner_up + 1) as f64 / (2 * (leader + 1)) as f64;
        }
        if leader + runner_up > max_votes {
            break;
        }
        enough.push(leader);
        let next = (2 * (runner_up + 1)) as f64;
        tail += last * (leader + 1) as f64 / next;
        last = last * (leader + runner_up + 2) as f64 / next;
    }
    enough
}
