//! The voting rules: how ballots become a result.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::field::FieldRules;
use super::judging::JudgedRule;
use super::numeric::Tolerance;
use super::rule::Rule;

/// How ballots become a result, whatever they look like.
///
/// It is written as a name, some with a value behind a colon: `plurality`, `majority`,
/// `supermajority`, `unanimous`, `threshold:2/3`; `median`, `median:1%`; `best-of`, `same-meaning`.
/// Only voting field by field needs a schema and has no such form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum VotingRule {
    /// Each ballot is one vote for its answer, or as many as its voter's
    /// [weight](super::Voter::weight) says.
    Votes(Rule),
    /// Answers are numbers; the one in the middle wins. What is within the tolerance of it agrees
    /// with it.
    Median(Tolerance),
    /// A judge is asked about the distinct answers; see [`Voting::judge`](super::Voting::judge).
    Judged(JudgedRule),
    /// Answers are JSON objects, decided field by field.
    Fields {
        /// The JSON Schema of the ballots.
        schema: Value,
        /// The rules of single fields, where they are not those of their kind.
        rules: FieldRules,
    },
}

impl VotingRule {
    /// Returns the rule that counts votes, if this is one.
    pub(super) fn votes(&self) -> Option<Rule> {
        match self {
            Self::Votes(rule) => Some(*rule),
            Self::Median(_) | Self::Judged(_) | Self::Fields { .. } => None,
        }
    }

    /// Returns why the rule cannot decide anything, if so.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Votes(Rule::Threshold(share)) if !(0.0..=1.0).contains(share) => {
                Err("a threshold is a share from 0 to 1")
            }
            Self::Median(tolerance) if tolerance.check().is_err() => {
                Err("the tolerance of the median is out of range")
            }
            _ => Ok(()),
        }
    }
}

impl Default for VotingRule {
    fn default() -> Self {
        Self::Votes(Rule::default())
    }
}

impl From<Rule> for VotingRule {
    fn from(rule: Rule) -> Self {
        Self::Votes(rule)
    }
}

impl From<JudgedRule> for VotingRule {
    fn from(rule: JudgedRule) -> Self {
        Self::Judged(rule)
    }
}
