//! Voting rules as text, `name` or `name:value`.

use std::str::FromStr;

use super::field::{FieldRule, FieldRuleError};
use super::judging::JudgedRule;
use super::rule::Rule;
use super::voting_rule::VotingRule;

/// A voting rule that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VotingRuleError {
    /// There is no rule of that name.
    #[error("there is no voting rule {name:?}; there are {}", VotingRule::NAMES.join(", "))]
    UnknownRule {
        /// The name.
        name: String,
    },
    /// The value is missing, of no use, or out of range.
    #[error("the voting rule {name}: {reason}")]
    Value {
        /// The rule's name.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

impl VotingRule {
    /// The names of the rules, as they are written.
    pub const NAMES: [&'static str; 8] = [
        "plurality",
        "majority",
        "supermajority",
        "unanimous",
        "threshold",
        "median",
        "best-of",
        "same-meaning",
    ];
}

impl FromStr for VotingRule {
    type Err = VotingRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = match text.trim().split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (text.trim(), None),
        };
        let wrong = |reason: &str| VotingRuleError::Value {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        let without_value = |rule: Self| match value {
            None => Ok(rule),
            Some(_) => Err(wrong("it takes no value")),
        };
        match name {
            "plurality" => without_value(Rule::Plurality.into()),
            "majority" => without_value(Rule::Majority.into()),
            "supermajority" => without_value(Rule::Threshold(2.0 / 3.0).into()),
            "unanimous" => without_value(Rule::Threshold(1.0).into()),
            "best-of" => without_value(JudgedRule::BestOf.into()),
            "same-meaning" => without_value(JudgedRule::SameMeaning.into()),
            "threshold" | "median" => of_field(text, name),
            _ => Err(VotingRuleError::UnknownRule {
                name: name.to_owned(),
            }),
        }
    }
}

/// Reads what is written as the rule of a field is.
fn of_field(text: &str, name: &str) -> Result<VotingRule, VotingRuleError> {
    let rule = text.parse::<FieldRule>().map_err(|error| {
        let reason = match error {
            FieldRuleError::Parameter { reason, .. } => reason,
            other => other.to_string(),
        };
        let name = name.to_owned();
        VotingRuleError::Value { name, reason }
    })?;
    match rule {
        FieldRule::Threshold(share) => Ok(Rule::Threshold(share).into()),
        FieldRule::Median(tolerance) => Ok(VotingRule::Median(tolerance)),
        _ => Err(VotingRuleError::UnknownRule {
            name: name.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voting::numeric::Tolerance;

    #[test]
    fn every_name_is_understood() {
        for name in VotingRule::NAMES {
            let value = if name == "threshold" { ":60%" } else { "" };
            let text = format!("{name}{value}");
            assert!(text.parse::<VotingRule>().is_ok(), "{name}");
        }
        let read = |text: &str| text.parse::<VotingRule>().unwrap();
        let two_thirds = VotingRule::from(Rule::Threshold(2.0 / 3.0));
        assert_eq!(read("threshold:2/3"), two_thirds);
        assert_eq!(read("supermajority"), two_thirds);
        assert_eq!(read("median"), VotingRule::Median(Tolerance::default()));
        assert_eq!(
            read("median:1%"),
            VotingRule::Median(Tolerance::relative(0.01))
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text: &str| text.parse::<VotingRule>().unwrap_err().to_string();
        insta::assert_snapshot!(
            ["borda", "majority:1", "threshold", "threshold:2", "median:-1", "median:x"]
                .map(error)
                .join("\n"),
            @r#"
        there is no voting rule "borda"; there are plurality, majority, supermajority, unanimous, threshold, median, best-of, same-meaning
        the voting rule majority: it takes no value
        the voting rule threshold: it needs a share, such as 0.6, 60% or 2/3
        the voting rule threshold: 2 is no share from 0 to 1
        the voting rule median: an absolute tolerance is a finite number from 0, not -1
        the voting rule median: `x` is no tolerance, such as 0.5 or 1%
        "#
        );
    }
}
