//! The stopping rules to choose from, and what their values may be.

use serde::{Deserialize, Serialize};

use super::error::StoppingRuleError;
use super::forecast::Forecast;

/// The most votes that rules with a small table look ahead.
const MOST_TABULATED: u64 = 1_000_000;
/// Prices up to this, in calls, add up without overflow.
const DEAREST: f64 = 1e12;

/// When a vote is over before all voters were asked.
///
/// In the formulas a and b are the votes of the leader and the runner-up, n is the sum of all
/// votes, N is the most votes that may be cast. An abstention spends a call and gives no vote.
///
/// A rule is written as its name and, after a colon, its value. That is how it is parsed, printed
/// and serialised.
///
/// ```
/// use patterns_parallel::StoppingRule;
///
/// let rule: StoppingRule = "ahead-by:3".parse()?;
/// assert_eq!(rule, StoppingRule::AheadBy(3));
/// assert_eq!(rule.to_string(), "ahead-by:3");
/// # Ok::<(), patterns_parallel::StoppingRuleError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StoppingRule {
    /// `fixed`: never before all N votes are cast. Self-consistency (arXiv 2203.11171).
    Fixed,
    /// `exact`: as soon as no vote to come can change who wins: at a − b ≥ R with R calls left, or
    /// R + 1 if the runner-up was seen first and would win a tie. The winner is that of `fixed`,
    /// under every voting rule that the stopper is told of.
    #[default]
    Exact,
    /// `ahead-by:3`: at a − b ≥ k. First-to-ahead-by-k of MAKER (arXiv 2511.09030); Wald's
    /// sequential test (1945) with symmetric hypotheses.
    AheadBy(u64),
    /// `adaptive:0.95`: at P(p > 1/2 | Beta(a + 1, b + 1)) ≥ `confidence`. Adaptive-Consistency
    /// (arXiv 2305.11860), here in waves.
    AdaptiveConsistency {
        /// How sure, between 1/2 and 1.
        confidence: f64,
    },
    /// `plan`, `plan:0.02`, `plan:lambda=150,rho=1`: the waves and stops that cost least on
    /// average under a mixture of Pitman–Yor processes (1997) fitted to recorded votes: E\[calls\] + ρ E\[rounds\] + λ P(the answer is not that of
    /// `fixed`), by backward induction.
    Plan(PlanGoal),
}

/// What a plan aims at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlanGoal {
    /// The cheapest plan whose predicted probability of another winner than with all N votes is
    /// at most this, between 0 and 1; the most careful plan if none is that safe.
    ///
    /// The prediction counts ties as half a disagreement. On recorded votes of single models it
    /// was a ceiling; on a panel of unequal models a risk of 0.05 came to 0.065.
    Risk(f64),
    /// The plan with the least sum of costs at these prices.
    Price(PlanPrice),
}

/// The prices of a plan, in calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanPrice {
    /// λ: what it costs to stop at an answer that all N votes would not have chosen; 300 by
    /// default.
    pub error: f64,
    /// ρ: what a round of calls costs for the time it takes; 1 by default.
    pub round: f64,
    /// What λ multiplies.
    pub loss: PlanLoss,
}

/// What a plan counts as the harm of stopping early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanLoss {
    /// The probability that all N votes choose another winner; a tie counts half.
    #[default]
    Winner,
    /// The expected share of the N votes by which the chosen answer falls short of the winner, so
    /// that near-ties cost little.
    Share,
}

impl Default for PlanGoal {
    fn default() -> Self {
        Self::Price(PlanPrice::default())
    }
}

impl Default for PlanPrice {
    fn default() -> Self {
        Self {
            error: 300.0,
            round: 1.0,
            loss: PlanLoss::default(),
        }
    }
}

impl StoppingRule {
    /// Returns the rule's name, without its value.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Exact => "exact",
            Self::AheadBy(_) => "ahead-by",
            Self::AdaptiveConsistency { .. } => "adaptive",
            Self::Plan(_) => "plan",
        }
    }

    /// Checks the rule's values.
    pub(super) fn check(&self) -> Result<(), StoppingRuleError> {
        if self.is_valid() {
            return Ok(());
        }
        let text = self.to_string();
        let value = text.split_once(':').map_or("", |(_, value)| value);
        Err(self.invalid(value))
    }

    fn is_valid(&self) -> bool {
        match self {
            Self::Fixed | Self::Exact => true,
            Self::AheadBy(votes) => *votes > 0,
            Self::AdaptiveConsistency { confidence } => *confidence > 0.5 && *confidence < 1.0,
            Self::Plan(PlanGoal::Risk(risk)) => *risk > 0.0 && *risk < 1.0,
            Self::Plan(PlanGoal::Price(price)) => {
                let is_price = |price: f64| (0.0..=DEAREST).contains(&price);
                price.error > 0.0 && is_price(price.error) && is_price(price.round)
            }
        }
    }

    /// Returns the error that `value` is none that the rule takes.
    pub(super) fn invalid(&self, value: &str) -> StoppingRuleError {
        let expected = match self {
            Self::Fixed | Self::Exact => "none",
            Self::AheadBy(_) => "a whole number, 1 or more",
            Self::AdaptiveConsistency { .. } => "a number between 0.5 and 1",
            Self::Plan(_) => {
                "a risk between 0 and 1, such as 0.02, or prices such as \
                 lambda=300,rho=1,loss=winner"
            }
        };
        StoppingRuleError::InvalidValue {
            rule: self.name(),
            value: value.to_owned(),
            expected,
        }
    }

    /// Returns the most votes that the rule can look ahead.
    pub(super) fn most_votes(&self) -> u64 {
        match self {
            Self::Fixed | Self::Exact | Self::AheadBy(_) => u64::MAX,
            Self::AdaptiveConsistency { .. } => MOST_TABULATED,
            Self::Plan(_) => Forecast::MOST_VOTES,
        }
    }
}
