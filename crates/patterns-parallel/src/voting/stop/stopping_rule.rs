//! Lists the stopping rules, reads and writes them, and checks their values.

use std::fmt;
use std::str::FromStr;

use patterns_core::{meant, name_and_value};

use super::tally::MOST_VOTES;
use crate::RunError;

/// The most votes for which `adaptive` lists when a leader is sure enough.
const MOST_ADDED_UP: u64 = 1_000_000;

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
/// # Ok::<(), patterns_parallel::RunError>(())
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
    /// `plan`: the waves and stops that cost least on average, E\[calls\] + E\[rounds\] +
    /// 300 P(the answer is not that of `fixed`), by backward induction under a mixture of Pitman–Yor
    /// processes (1997) fitted to recorded votes.
    Plan,
}

impl StoppingRule {
    /// Checks the rule's value, and that it can look that many votes ahead.
    pub(super) fn check(self, max_votes: u64) -> Result<(), RunError> {
        if max_votes == 0 {
            return Err(RunError::Part("a vote needs at least one voter".to_owned()));
        }
        let (name, most) = match self {
            Self::AheadBy(0) => return Err(invalid("ahead-by", "0")),
            Self::Adaptive(it) if !(it > 0.5 && it < 1.0) => {
                return Err(invalid("adaptive", &it.to_string()));
            }
            Self::Fixed | Self::Exact | Self::AheadBy(_) => return Ok(()),
            Self::Adaptive(_) => ("adaptive", MOST_ADDED_UP),
            Self::Plan => ("plan", MOST_VOTES),
        };
        match max_votes <= most {
            true => Ok(()),
            false => Err(RunError::Part(format!(
                "the stopping rule {name} works for at most {most} votes, not for {max_votes}"
            ))),
        }
    }
}

/// Returns the error that `value` is none that a rule takes.
fn invalid(name: &str, value: &str) -> RunError {
    let expected = match name {
        "ahead-by" => "a whole number, 1 or more",
        "adaptive" => "a number between 0.5 and 1",
        _ => "none",
    };
    RunError::Part(format!(
        "{value:?} is no value of the stopping rule {name}, which takes {expected}"
    ))
}

impl FromStr for StoppingRule {
    type Err = RunError;

    fn from_str(text: &str) -> Result<Self, RunError> {
        let (name, value) = name_and_value(text);
        let rule = match (name, value) {
            ("fixed", None) => Some(Self::Fixed),
            ("exact", None) => Some(Self::Exact),
            ("plan", None) => Some(Self::Plan),
            ("fixed" | "exact" | "plan", Some(_)) => None,
            ("adaptive", value) => value.unwrap_or("0.95").parse().ok().map(Self::Adaptive),
            ("ahead-by", Some(value)) => value.parse().ok().map(Self::AheadBy),
            ("ahead-by", None) => {
                return Err(RunError::Part(format!(
                    "the stopping rule {name} needs a value, as in {name}:3"
                )));
            }
            _ => {
                let meant = meant(name, &["fixed", "exact", "ahead-by", "adaptive", "plan"]);
                return Err(RunError::Part(format!(
                    "there is no stopping rule {name:?}; {meant}"
                )));
            }
        };
        let rule = rule.filter(|rule| rule.check(1).is_ok());
        rule.ok_or_else(|| invalid(name, value.unwrap_or_default()))
    }
}

impl fmt::Display for StoppingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed => f.write_str("fixed"),
            Self::Exact => f.write_str("exact"),
            Self::AheadBy(votes) => write!(f, "ahead-by:{votes}"),
            Self::Adaptive(value) => write!(f, "adaptive:{value}"),
            Self::Plan => f.write_str("plan"),
        }
    }
}
