//! Voting rules as text, `name` or `name:value`.

use std::str::FromStr;

use super::field::{FieldRule, FieldRuleError};
use super::judging::JudgedRule;
use super::numeric::NumericRule;
use super::pairwise::TournamentKind;
use super::ranked::RankedRule;
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
    pub const NAMES: [&'static str; 20] = [
        "plurality",
        "majority",
        "supermajority",
        "unanimous",
        "threshold",
        "weighted",
        "median",
        "mean",
        "trimmed-mean",
        "cluster",
        "schulze",
        "borda",
        "irv",
        "approval",
        "mrr",
        "best-of",
        "tournament",
        "round-robin",
        "universal",
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
            "weighted" => without_value(Self::Weighted),
            "median" => without_value(NumericRule::Median.into()),
            "mean" => without_value(NumericRule::Mean.into()),
            "schulze" => without_value(RankedRule::Schulze.into()),
            "borda" => without_value(RankedRule::Borda.into()),
            "irv" => without_value(RankedRule::Irv.into()),
            "mrr" => without_value(RankedRule::Mrr.into()),
            "best-of" => without_value(JudgedRule::BestOf.into()),
            "tournament" => without_value(JudgedRule::Tournament(TournamentKind::Knockout).into()),
            "round-robin" => {
                without_value(JudgedRule::Tournament(TournamentKind::RoundRobin).into())
            }
            "universal" => without_value(JudgedRule::Universal.into()),
            "same-meaning" => without_value(JudgedRule::SameMeaning.into()),
            "approval" => {
                let places = value.and_then(|it| it.parse().ok()).filter(|it| *it > 0);
                let places =
                    places.ok_or_else(|| wrong("it needs a number of places, as in approval:2"))?;
                Ok(RankedRule::Approval(places).into())
            }
            "threshold" | "trimmed-mean" | "cluster" => of_field(text, name),
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
    Ok(match rule {
        FieldRule::Threshold(share) => Rule::Threshold(share).into(),
        rule => rule.numeric().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_understood() {
        for name in VotingRule::NAMES {
            let value = match name {
                "threshold" => ":60%",
                "trimmed-mean" => ":0.1",
                "cluster" => ":1%",
                "approval" => ":2",
                _ => "",
            };
            assert!(
                format!("{name}{value}").parse::<VotingRule>().is_ok(),
                "{name}"
            );
        }
        let read = |text: &str| text.parse::<VotingRule>().unwrap();
        let two_thirds = VotingRule::from(Rule::Threshold(2.0 / 3.0));
        assert_eq!(read("threshold:2/3"), two_thirds);
        assert_eq!(read("supermajority"), two_thirds);
        assert_eq!(read("approval:2"), RankedRule::Approval(2).into());
        assert_eq!(
            read("trimmed-mean:10%"),
            NumericRule::TrimmedMean(0.1).into()
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text: &str| text.parse::<VotingRule>().unwrap_err().to_string();
        insta::assert_snapshot!(
            ["best", "median:1", "threshold", "threshold:2", "trimmed-mean:0.6", "approval:0", "cluster:x"]
                .map(error)
                .join("\n"),
            @r#"
        there is no voting rule "best"; there are plurality, majority, supermajority, unanimous, threshold, weighted, median, mean, trimmed-mean, cluster, schulze, borda, irv, approval, mrr, best-of, tournament, round-robin, universal, same-meaning
        the voting rule median: it takes no value
        the voting rule threshold: it needs a share, such as 0.6, 60% or 2/3
        the voting rule threshold: 2 is no share from 0 to 1
        the voting rule trimmed-mean: a trimmed mean cuts a share from 0 to less than 0.5 at each end, not 0.6
        the voting rule approval: it needs a number of places, as in approval:2
        the voting rule cluster: `x` is no tolerance, such as 0.5 or 1%
        "#
        );
    }
}
