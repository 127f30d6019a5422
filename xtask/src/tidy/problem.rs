//! What a check finds: where, what, and how bad.

use std::fmt;

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    place: String,
    message: String,
    is_warning: bool,
}

impl Problem {
    /// Makes a problem that makes tidy fail.
    pub(super) fn error(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
            is_warning: false,
        }
    }

    /// Makes a problem that is only shown.
    pub(super) fn warning(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            is_warning: true,
            ..Self::error(place, message)
        }
    }

    /// Returns whether it is only shown.
    pub(super) fn is_warning(&self) -> bool {
        self.is_warning
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_warning { "warning" } else { "error" };
        write!(f, "{kind}: {}: {}", self.place, self.message)
    }
}

/// Returns the problems as they are printed, for the tests of the checks.
#[cfg(test)]
pub(super) fn shown(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(Problem::to_string).collect()
}
