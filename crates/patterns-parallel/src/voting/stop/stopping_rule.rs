//! Lists the stopping rules, reads and writes them, and checks their values.

use std::fmt;
use std::str::FromStr;

use super::state::MOST_VOTES;
use crate::voting::rules::{RuleError, name_and_value};

/// The most votes for which the table of `adaptive` is made.
const MOST_TABULATED: u64 = 1_000_000;

/// When a vote is over before all voters were asked.
///
/// In the formulas a and b are the votes of the leader and the runner-up, n is the sum of all
/// votes, N is the most votes that may be cast. An abstention spends a call and gives no vote.
///
/// A rule is written as its name and, after a colon, its value. That is how it is parsed and printed.
///
/// ```
/// use patterns_parallel::voting::StoppingRule;
///
/// let rule: StoppingRule = "ahead-by:3".parse()?;
/// assert_eq!(rule, StoppingRule::AheadBy(3));
/// assert_eq!(rule.to_string(), "ahead-by:3");
/// # Ok::<(), patterns_parallel::voting::RuleError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum StoppingRule {
    /// `fixed`: never before all N votes are cast. Self-consistency (arXiv 2203.11171).
    Fixed,
    /// `exact`: as soon as no vote to come can change who wins: at a − b ≥ R with R calls left, or
    /// R + 1 if the runner-up was seen first and would win a tie. The winner is that of `fixed`,
    /// under every voting rule that counts votes.
    #[default]
    Exact,
    /// `ahead-by:3`: at a − b ≥ k. First-to-ahead-by-k of MAKER (arXiv 2511.09030); Wald's
    /// sequential test (1945) with symmetric hypotheses.
    AheadBy(u64),
    /// `adaptive:0.95`: at P(p > 1/2 | Beta(a + 1, b + 1)) ≥ the value, between 1/2 and 1.
    /// Adaptive-Consistency (arXiv 2305.11860), here in waves.
    Adaptive(f64),
    /// `plan`, `plan:0.02`: the waves and stops that cost least on average, E\[calls\] + E\[rounds\] +
    /// λ P(the answer is not that of `fixed`), by backward induction under a mixture of Pitman–Yor processes
    /// (1997) fitted to recorded votes.
    ///
    /// The value is the most that the probability of another answer may be, between 0 and 1, a tie counting
    /// half; without one λ is 300 instead. It is a prediction: on recorded votes of single models it was a
    /// ceiling, and on a panel of unequal models 0.05 came to 0.065.
    Plan(Option<f64>),
}

impl StoppingRule {
    /// Returns the rule's name, without its value.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Exact => "exact",
            Self::AheadBy(_) => "ahead-by",
            Self::Adaptive(_) => "adaptive",
            Self::Plan(_) => "plan",
        }
    }

    /// Checks the rule's value, and that it can look that many votes ahead.
    pub(super) fn check(self, max_votes: u64) -> Result<(), RuleError> {
        if max_votes == 0 {
            return Err(RuleError::new("a vote needs at least one voter"));
        }
        let (is_valid, most) = match self {
            Self::Fixed | Self::Exact => (true, u64::MAX),
            Self::AheadBy(votes) => (votes > 0, u64::MAX),
            Self::Adaptive(confidence) => (confidence > 0.5 && confidence < 1.0, MOST_TABULATED),
            Self::Plan(risk) => (risk.is_none_or(|it| it > 0.0 && it < 1.0), MOST_VOTES),
        };
        if !is_valid {
            let text = self.to_string();
            return Err(self.invalid(text.split_once(':').map_or("", |it| it.1)));
        }
        if max_votes > most {
            let name = self.name();
            return Err(RuleError::new(format!(
                "the stopping rule {name} works for at most {most} votes, not for {max_votes}"
            )));
        }
        Ok(())
    }

    /// Returns the error that `value` is none that the rule takes.
    fn invalid(self, value: &str) -> RuleError {
        let expected = match self {
            Self::Fixed | Self::Exact => "none",
            Self::AheadBy(_) => "a whole number, 1 or more",
            Self::Adaptive(_) => "a number between 0.5 and 1",
            Self::Plan(_) => "a risk between 0 and 1, such as 0.02",
        };
        let name = self.name();
        RuleError::new(format!(
            "{value:?} is no value of the stopping rule {name}, which takes {expected}"
        ))
    }

    /// Returns the rule with another value; `None` if that is no value for it.
    fn with_value(self, value: &str) -> Option<Self> {
        Some(match self {
            Self::Fixed | Self::Exact => return None,
            Self::AheadBy(_) => Self::AheadBy(value.parse().ok()?),
            Self::Adaptive(_) => Self::Adaptive(value.parse().ok()?),
            Self::Plan(_) => Self::Plan(Some(value.parse().ok()?)),
        })
    }
}

impl FromStr for StoppingRule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let (name, value) = name_and_value(text);
        let usual = match name {
            "fixed" => Self::Fixed,
            "exact" => Self::Exact,
            "ahead-by" if value.is_none() => {
                return Err(RuleError::new(format!(
                    "the stopping rule {name} needs a value, as in {name}:3"
                )));
            }
            "ahead-by" => Self::AheadBy(1),
            "adaptive" => Self::Adaptive(0.95),
            "plan" => Self::Plan(None),
            _ => {
                return Err(RuleError::new(format!(
                    "there is no stopping rule {name:?}; there are fixed, exact, ahead-by, adaptive \
                     and plan"
                )));
            }
        };
        let Some(value) = value else { return Ok(usual) };
        let rule = usual.with_value(value);
        rule.filter(|rule| rule.check(1).is_ok())
            .ok_or_else(|| usual.invalid(value))
    }
}

impl fmt::Display for StoppingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Fixed | Self::Exact | Self::Plan(None) => Ok(()),
            Self::AheadBy(votes) => write!(f, ":{votes}"),
            Self::Adaptive(value) | Self::Plan(Some(value)) => write!(f, ":{value}"),
        }
    }
}
