//! The rules for a field, and how they are written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::FieldRuleError;
use crate::voting::numeric::Tolerance;
use crate::voting::rule::Rule;

/// How the values of one field become one.
///
/// A rule is written as its name, with its parameter behind a colon: `median:0.5`, `median:1%`,
/// `threshold:2/3`. That is its form in reports, too.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FieldRule {
    /// `plurality`: the most votes. The rule for strings, choices and yes/no; a list or an object
    /// is then one value, decided as a whole.
    Plurality,
    /// `majority`: the most votes, if they are more than half.
    Majority,
    /// `threshold:SHARE`: the most votes, if they are at least this share.
    Threshold(f64),
    /// `median`, `median:TOLERANCE`: the middle value. The rule for numbers.
    ///
    /// Unlike that of [`VotingRule::Median`](crate::VotingRule::Median) it is always a value that was voted for, so it is an integer
    /// where they are and satisfies the schema: of two values in the middle, the one seen first.
    /// They are a tie if they lie further apart than the tolerance.
    Median(Tolerance),
    /// `union`: the items that more than half of the ballots have, in the order first seen. The
    /// rule for lists; what a ballot repeats counts once.
    Union,
    /// `union:SHARE`: the items that at least this share of the ballots have.
    UnionOf(f64),
}

impl FieldRule {
    /// The names of the rules, as they are written.
    pub const NAMES: [&'static str; 5] = ["plurality", "majority", "threshold", "median", "union"];

    /// Returns the rule's name, without its parameter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plurality => "plurality",
            Self::Majority => "majority",
            Self::Threshold(_) => "threshold",
            Self::Median(_) => "median",
            Self::Union | Self::UnionOf(_) => "union",
        }
    }

    fn with_parameter(name: &str, parameter: Option<&str>) -> Result<Self, FieldRuleError> {
        let wrong = |reason: String| FieldRuleError::Parameter {
            rule: name.to_owned(),
            reason,
        };
        let share = || required_share(parameter).map_err(wrong);
        let tolerance = || tolerance(parameter).map_err(wrong);
        let none = |rule| match parameter {
            None => Ok(rule),
            Some(it) => Err(wrong(format!("it takes no parameter, but has `{it}`"))),
        };
        let rule = match name {
            "plurality" => none(Self::Plurality)?,
            "majority" => none(Self::Majority)?,
            "threshold" => Self::Threshold(share()?),
            "union" if parameter.is_none() => Self::Union,
            "union" => Self::UnionOf(share()?),
            "median" => Self::Median(tolerance()?),
            _ => return Err(FieldRuleError::unknown_rule(name)),
        };
        rule.check().map(|()| rule)
    }

    /// Checks that the parameter is in range.
    pub(super) fn check(self) -> Result<(), FieldRuleError> {
        let wrong = |reason| FieldRuleError::Parameter {
            rule: self.name().to_owned(),
            reason,
        };
        if let Self::Threshold(share) | Self::UnionOf(share) = self
            && !(0.0..=1.0).contains(&share)
        {
            return Err(wrong(format!("{share} is no share from 0 to 1")));
        }
        match self {
            Self::Median(tolerance) => tolerance.check().map_err(|error| wrong(error.to_string())),
            _ => Ok(()),
        }
    }

    /// Returns the rule for answers that are one value each, if this is one of them.
    pub(super) fn on_whole_values(self) -> Option<Rule> {
        match self {
            Self::Plurality => Some(Rule::Plurality),
            Self::Majority => Some(Rule::Majority),
            Self::Threshold(share) => Some(Rule::Threshold(share)),
            Self::Median(_) | Self::Union | Self::UnionOf(_) => None,
        }
    }
}

impl FromStr for FieldRule {
    type Err = FieldRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, parameter) = match text.split_once(':') {
            Some((name, parameter)) => (name, Some(parameter.trim())),
            None => (text, None),
        };
        Self::with_parameter(&name.trim().to_lowercase(), parameter)
    }
}

impl TryFrom<String> for FieldRule {
    type Error = FieldRuleError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<FieldRule> for String {
    fn from(rule: FieldRule) -> Self {
        rule.to_string()
    }
}

impl fmt::Display for FieldRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match *self {
            Self::Threshold(share) | Self::UnionOf(share) => write!(f, ":{share}"),
            Self::Median(tolerance) => match tolerance {
                _ if tolerance == Tolerance::default() => Ok(()),
                Tolerance {
                    absolute: 0.0,
                    relative,
                } => {
                    write!(f, ":{}%", percent(relative))
                }
                Tolerance {
                    absolute,
                    relative: 0.0,
                } => write!(f, ":{absolute}"),
                Tolerance { absolute, relative } => {
                    write!(f, ":{absolute},{}%", percent(relative))
                }
            },
            Self::Plurality | Self::Majority | Self::Union => Ok(()),
        }
    }
}

fn required_share(text: Option<&str>) -> Result<f64, String> {
    let text = text.ok_or("it needs a share, such as 0.6, 60% or 2/3")?;
    share(text).ok_or_else(|| format!("`{text}` is no share, such as 0.6, 60% or 2/3"))
}

/// Reads `0.6`, `60%` or `3/5`.
fn share(text: &str) -> Option<f64> {
    if let Some((part, whole)) = text.split_once('/') {
        return Some(part.trim().parse::<f64>().ok()? / whole.trim().parse::<f64>().ok()?);
    }
    match text.strip_suffix('%') {
        // Shifted in decimal, as a division by 100 may round.
        Some(percent) => format!("{}e-2", percent.trim()).parse().ok(),
        None => text.parse().ok(),
    }
}

/// Reads `0.5` (a distance), `1%` (a share), or both with a comma between.
fn tolerance(text: Option<&str>) -> Result<Tolerance, String> {
    let mut tolerance = Tolerance::default();
    for part in text.into_iter().flat_map(|it| it.split(',')) {
        let part = part.trim();
        let number = || format!("`{part}` is no tolerance, such as 0.5 or 1%");
        if part.ends_with('%') {
            tolerance.relative = share(part).ok_or_else(number)?;
        } else {
            tolerance.absolute = part.parse().map_err(|_| number())?;
        }
    }
    Ok(tolerance)
}

fn percent(share: f64) -> f64 {
    let scientific = format!("{share:e}");
    let shifted = scientific.split_once('e').and_then(|(digits, exponent)| {
        let exponent: i32 = exponent.parse().ok()?;
        format!("{digits}e{}", exponent + 2).parse().ok()
    });
    shifted.unwrap_or(share * 100.0)
}
