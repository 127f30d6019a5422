//! Reads rules as they are written: a name, and for some a value behind a colon.

use super::share::Share;

/// A rule that cannot be understood, or does not go with what it is to decide.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RuleError(String);

impl RuleError {
    pub(in crate::voting) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// The value of a rule is missing, of no use, or out of range.
    pub(in crate::voting) fn value(name: &str, reason: impl std::fmt::Display) -> Self {
        Self(format!("the rule `{name}`: {reason}"))
    }

    pub(in crate::voting) fn unknown(name: &str, names: &[&str]) -> Self {
        let known = names.join(", ");
        Self(format!(
            "there is no voting rule {name:?}; there are {known}"
        ))
    }
}

/// Divides `name` and `name:value`.
pub(in crate::voting) fn name_and_value(text: &str) -> (&str, Option<&str>) {
    match text.trim().split_once(':') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (text.trim(), None),
    }
}

/// Checks that a rule has no value.
pub(in crate::voting) fn no_value(name: &str, value: Option<&str>) -> Result<(), RuleError> {
    match value {
        None => Ok(()),
        Some(value) => {
            let reason = format!("it takes no value, but has `{value}`");
            Err(RuleError::value(name, reason))
        }
    }
}

/// Reads the share that a rule needs.
pub(in crate::voting) fn needed_share(name: &str, value: Option<&str>) -> Result<Share, RuleError> {
    const FORMS: &str = "such as 0.6, 60% or 2/3";
    let Some(text) = value else {
        return Err(RuleError::value(name, format!("it needs a share, {FORMS}")));
    };
    let number = read_share(text)
        .ok_or_else(|| RuleError::value(name, format!("`{text}` is no share, {FORMS}")))?;
    Share::new(number)
        .ok_or_else(|| RuleError::value(name, format!("{number} is no share from 0 to 1")))
}

/// Reads `0.6`, `60%` or `3/5`.
pub(in crate::voting) fn read_share(text: &str) -> Option<f64> {
    if let Some((part, whole)) = text.split_once('/') {
        return Some(part.trim().parse::<f64>().ok()? / whole.trim().parse::<f64>().ok()?);
    }
    match text.strip_suffix('%') {
        // Shifted in decimal, as a division by 100 may round.
        Some(percent) => format!("{}e-2", percent.trim()).parse().ok(),
        None => text.parse().ok(),
    }
}

/// Lets serde write a rule as it is written elsewhere: by `Display` and `FromStr`.
macro_rules! written_as_text {
    ($rule:ty) => {
        impl TryFrom<String> for $rule {
            type Error = <$rule as std::str::FromStr>::Err;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$rule> for String {
            fn from(rule: $rule) -> Self {
                rule.to_string()
            }
        }
    };
}
pub(in crate::voting) use written_as_text;
