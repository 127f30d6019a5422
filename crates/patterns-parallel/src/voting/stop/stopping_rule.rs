//! Lists the stopping rules, reads and writes them, and checks their values.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::state::MOST_VOTES;
use crate::voting::rules::rule_text::{name_and_value, written_as_text};

/// The most votes that rules with a small table look ahead.
const MOST_TABULATED: u64 = 1_000_000;

/// When a vote is over before all voters were asked.
///
/// In the formulas a and b are the votes of the leader and the runner-up, n is the sum of all
/// votes, N is the most votes that may be cast. An abstention spends a call and gives no vote.
///
/// A rule is written as its name and, after a colon, its value. That is how it is parsed, printed
/// and serialised.
///
/// ```
/// use patterns_parallel::voting::StoppingRule;
///
/// let rule: StoppingRule = "ahead-by:3".parse()?;
/// assert_eq!(rule, StoppingRule::AheadBy(3));
/// assert_eq!(rule.to_string(), "ahead-by:3");
/// # Ok::<(), patterns_parallel::voting::StoppingRuleError>(())
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
    /// `plan`, `plan:0.02`: the waves and stops that cost least on average, E\[calls\] + E\[rounds\] +
    /// λ P(the answer is not that of `fixed`), by backward induction under a mixture of Pitman–Yor processes
    /// (1997) fitted to recorded votes.
    Plan {
        /// The most that the probability of another answer may be, between 0 and 1, a tie counting half; by
        /// default λ is 300 instead. It is a prediction: on recorded votes of single models it was a ceiling, and
        /// on a panel of unequal models 0.05 came to 0.065.
        risk: Option<f64>,
    },
}

impl StoppingRule {
    /// Returns the rule's name, without its value.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Exact => "exact",
            Self::AheadBy(_) => "ahead-by",
            Self::AdaptiveConsistency { .. } => "adaptive",
            Self::Plan { .. } => "plan",
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
            Self::Plan { risk } => risk.is_none_or(|it| it > 0.0 && it < 1.0),
        }
    }

    /// Returns the error that `value` is none that the rule takes.
    pub(super) fn invalid(&self, value: &str) -> StoppingRuleError {
        let expected = match self {
            Self::Fixed | Self::Exact => "none",
            Self::AheadBy(_) => "a whole number, 1 or more",
            Self::AdaptiveConsistency { .. } => "a number between 0.5 and 1",
            Self::Plan { .. } => "a risk between 0 and 1, such as 0.02",
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
            Self::Plan { .. } => MOST_VOTES,
        }
    }
}

impl FromStr for StoppingRule {
    type Err = StoppingRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = name_and_value(text);
        let usual = usual(name).ok_or_else(|| StoppingRuleError::UnknownRule {
            name: name.to_owned(),
        })?;
        let Some(value) = value else {
            let rule = usual.name();
            let has_usual_value = usual.check().is_ok();
            return has_usual_value
                .then_some(usual)
                .ok_or(StoppingRuleError::MissingValue { rule });
        };
        let rule = usual.with_value(value);
        rule.filter(|rule| rule.check().is_ok())
            .ok_or_else(|| usual.invalid(value))
    }
}

/// Returns the rule of that name with its usual value, or with 0 if it has none.
fn usual(name: &str) -> Option<StoppingRule> {
    let rule = match name {
        "fixed" => StoppingRule::Fixed,
        "exact" => StoppingRule::Exact,
        "ahead-by" => StoppingRule::AheadBy(0),
        "adaptive" => StoppingRule::AdaptiveConsistency { confidence: 0.95 },
        "plan" => StoppingRule::Plan { risk: None },
        _ => return None,
    };
    Some(rule)
}

impl StoppingRule {
    /// Returns the rule with another value; `None` if that is no value for it.
    fn with_value(&self, value: &str) -> Option<Self> {
        Some(match self {
            Self::Fixed | Self::Exact => return None,
            Self::AheadBy(_) => Self::AheadBy(value.parse().ok()?),
            Self::AdaptiveConsistency { .. } => Self::AdaptiveConsistency {
                confidence: value.parse().ok()?,
            },
            Self::Plan { .. } => Self::Plan {
                risk: Some(value.parse().ok()?),
            },
        })
    }
}

impl fmt::Display for StoppingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Fixed | Self::Exact | Self::Plan { risk: None } => Ok(()),
            Self::AheadBy(votes) => write!(f, ":{votes}"),
            Self::AdaptiveConsistency { confidence } => write!(f, ":{confidence}"),
            Self::Plan { risk: Some(risk) } => write!(f, ":{risk}"),
        }
    }
}

written_as_text!(StoppingRule);

/// A stopping rule that cannot be understood or applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoppingRuleError {
    /// There is no rule of that name.
    #[error(
        "there is no stopping rule {name:?}; there are fixed, exact, ahead-by, adaptive and plan"
    )]
    UnknownRule {
        /// The name.
        name: String,
    },
    /// The rule cannot do without a value.
    #[error("the stopping rule {rule} needs a value, as in {rule}:3")]
    MissingValue {
        /// The rule's name.
        rule: &'static str,
    },
    /// The value is of the wrong kind or out of range.
    #[error("{value:?} is no value of the stopping rule {rule}, which takes {expected}")]
    InvalidValue {
        /// The rule's name.
        rule: &'static str,
        /// The value.
        value: String,
        /// What the rule takes.
        expected: &'static str,
    },
    /// There is no vote to stop.
    #[error("a vote needs at least one voter")]
    NoVotes,
    /// The rule looks ahead, and that far it cannot see.
    #[error("the stopping rule {rule} works for at most {most} votes, not for {votes}")]
    TooManyVotes {
        /// The rule's name.
        rule: &'static str,
        /// The most votes that may be cast.
        votes: u64,
        /// The most votes that the rule can see ahead.
        most: u64,
    },
}
