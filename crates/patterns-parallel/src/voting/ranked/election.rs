//! Decides an election by rankings.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::{RankedRule, RankedRuleError, Rankings, irv, positional, schulze};
use crate::voting::numeric::by_tie_break;
use crate::voting::rule::{Decision, TieBreak};

/// The result of an election by rankings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankedElection {
    /// The winner; `None` without a consensus.
    pub winner: Option<String>,
    /// Why there is a winner, or none.
    pub decision: Decision,
    /// The rule that decided: [`RankedRule::Borda`] where Schulze's left several unbeaten.
    pub decided_by: RankedRule,
    /// All options, best first; equal ones in the order seen.
    pub ranking: Vec<RankedOption>,
    /// The option that beats each other one to one, if there is one.
    pub condorcet_winner: Option<String>,
    /// Ballots that rank anything.
    pub total_votes: u64,
    /// Ballots that rank nothing.
    pub abstentions: u64,
    /// Names on ballots that are no options, set aside.
    pub unknown_options: u64,
}

/// An option's place in the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankedOption {
    /// The option.
    pub option: String,
    /// Its place, from 1; equal ones share the best of their places.
    pub rank: usize,
    /// What the rule counts: Borda points, approvals, mean reciprocal rank, options beaten
    /// (Schulze), or votes when it was struck out or won (IRV).
    pub score: f64,
}

/// What a rule makes of the ballots, by option.
pub(super) struct Tally {
    pub(super) scores: Vec<f64>,
    /// The greater, the better; equal keys are ties.
    pub(super) keys: Vec<(u64, u64)>,
    /// Whether Borda's rule had to help.
    pub(super) is_borda: bool,
    /// Whether a tie on the way to the winner was broken.
    pub(super) is_tie_broken: bool,
}

impl Tally {
    pub(super) fn by_score(scores: Vec<f64>, keys: Vec<u64>) -> Self {
        Self {
            scores,
            keys: keys.into_iter().map(|it| (it, 0)).collect(),
            is_borda: false,
            is_tie_broken: false,
        }
    }

    /// Returns the options, best first; equal ones in the order seen.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.keys.len()).collect();
        order.sort_by_key(|it| Reverse(self.keys[*it]));
        order
    }

    fn is_tied(&self, order: &[usize]) -> bool {
        let leaders = order.first().zip(order.get(1));
        self.is_tie_broken || leaders.is_some_and(|(a, b)| self.keys[*a] == self.keys[*b])
    }
}

impl Rankings {
    /// Decides.
    ///
    /// Apart from ties, which the option seen first wins in voter order (or, with
    /// [`TieBreak::NoConsensus`], nobody), the order of the ballots does not matter.
    ///
    /// # Errors
    ///
    /// Returns a [`RankedRuleError`] if the rule's parameter is of no use.
    ///
    /// ```
    /// use patterns_parallel::{RankedRule, Rankings, TieBreak};
    ///
    /// let ballots = [vec!["tea", "coffee"], vec!["Coffee", "tea"], vec!["coffee"]];
    /// let election = Rankings::open(&ballots).elect(RankedRule::Schulze, TieBreak::FirstSeen)?;
    /// assert_eq!(election.winner.as_deref(), Some("coffee"));
    /// # Ok::<(), patterns_parallel::RankedRuleError>(())
    /// ```
    pub fn elect(
        &self,
        rule: RankedRule,
        tie_break: TieBreak,
    ) -> Result<RankedElection, RankedRuleError> {
        rule.check()?;
        let tally = self.tally(rule);
        let order = tally.order();
        let decision = match self.ballots.is_empty() {
            true => Decision::QuorumMissed,
            false => by_tie_break(tally.is_tied(&order), tie_break),
        };
        let winner = order.first().filter(|_| decision.is_won());
        Ok(RankedElection {
            winner: winner.map(|it| self.options[*it].clone()),
            decision,
            decided_by: if tally.is_borda {
                RankedRule::Borda
            } else {
                rule
            },
            ranking: self.ranking(&tally, &order),
            condorcet_winner: self.condorcet_winner(),
            total_votes: self.total_votes(),
            abstentions: self.abstentions,
            unknown_options: self.unknown,
        })
    }

    fn tally(&self, rule: RankedRule) -> Tally {
        match rule {
            RankedRule::Schulze => schulze::schulze(self),
            RankedRule::Borda => positional::borda(self),
            RankedRule::Irv => irv::irv(self),
            RankedRule::Approval(places) => positional::approval(self, places),
            RankedRule::Mrr => positional::mean_reciprocal_rank(self),
        }
    }

    fn condorcet_winner(&self) -> Option<String> {
        if self.ballots.is_empty() {
            return None;
        }
        let winner = schulze::condorcet_winner(&schulze::preferences(self))?;
        self.options.get(winner).cloned()
    }

    fn ranking(&self, tally: &Tally, order: &[usize]) -> Vec<RankedOption> {
        let better = |than: usize| {
            tally
                .keys
                .iter()
                .filter(|it| **it > tally.keys[than])
                .count()
        };
        let ranked = |option: &usize| RankedOption {
            option: self.options[*option].clone(),
            rank: better(*option) + 1,
            score: tally.scores[*option],
        };
        order.iter().map(ranked).collect()
    }
}
