//! Names the rule that decides a field, and says why a field cannot have it.

use std::fmt;
use std::str::FromStr;

use patterns_core::nearest;
use serde::{Deserialize, Serialize};

use super::union::Union;
use crate::voting::rules::rule_text::{name_and_value, written_as_text};
use crate::voting::rules::{Median, Plurality, RuleError};

/// How the values of one field become one. It is written as its rule is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FieldRule {
    /// The rule for strings, choices and yes/no. A list or an object is then one value, decided as a
    /// whole.
    Plurality(Plurality),
    /// The rule for numbers. Here the winner is always a value that was voted for, so it is an integer
    /// where they are and satisfies the schema: of two values in the middle, the one seen first. They
    /// are a tie if they lie further apart than the tolerance.
    Median(Median),
    /// The rule for lists.
    Union(Union),
}

impl FieldRule {
    /// The names of the rules.
    const NAMES: [&'static str; 7] = [
        "plurality",
        "majority",
        "supermajority",
        "unanimous",
        "threshold",
        Median::NAME,
        Union::NAME,
    ];

    /// Returns the rule's name, without its value.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plurality(rule) => rule.name(),
            Self::Median(_) => Median::NAME,
            Self::Union(_) => Union::NAME,
        }
    }

    fn unknown(name: &str) -> FieldError {
        FieldError::UnknownRule {
            name: name.to_owned(),
            nearest: nearest(name, Self::NAMES).map(str::to_owned),
            known: Self::NAMES.join(", "),
        }
    }
}

impl FromStr for FieldRule {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let text = text.to_lowercase();
        let (name, _) = name_and_value(&text);
        Ok(match name {
            Median::NAME => Self::Median(text.parse()?),
            Union::NAME => Self::Union(text.parse()?),
            name if Plurality::NAMES.contains(&name) => Self::Plurality(text.parse()?),
            name => return Err(Self::unknown(name)),
        })
    }
}

impl fmt::Display for FieldRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plurality(rule) => rule.fmt(f),
            Self::Median(rule) => rule.fmt(f),
            Self::Union(rule) => rule.fmt(f),
        }
    }
}

written_as_text!(FieldRule);

/// Why a rule cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// There is no equals sign.
    #[error("`{0}` is no PATH=RULE, such as /price=median:1%")]
    NotAnAssignment(String),
    /// No rule has this name.
    #[error("there is no rule `{name}` for a field{} (known: {})", hint(.nearest), .known)]
    UnknownRule {
        /// What was written.
        name: String,
        /// The known name most like it.
        nearest: Option<String>,
        /// All names.
        known: String,
    },
    /// The rule's value is missing, of no use, or out of range.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The schema has no such field.
    #[error("the answer has no field `{path}`{}", hint(.nearest))]
    UnknownPath {
        /// What was written.
        path: String,
        /// The field most like it.
        nearest: Option<String>,
    },
    /// The rule cannot decide on such values.
    #[error("`{path}` is {kind}, which `{rule}` cannot decide (use one of {})", .fitting.join(", "))]
    Unfit {
        /// The field.
        path: String,
        /// What the field holds.
        kind: &'static str,
        /// The rule's name.
        rule: &'static str,
        /// The names of rules that can.
        fitting: Vec<&'static str>,
    },
    /// A field has two rules.
    #[error("`{0}` has two rules")]
    Twice(String),
}

fn hint(nearest: &Option<String>) -> String {
    let hint = nearest.as_ref();
    hint.map_or_else(String::new, |it| format!("; did you mean `{it}`?"))
}
