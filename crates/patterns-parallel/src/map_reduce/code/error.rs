//! Why a text names no code reduction.

use patterns_core::nearest;

use super::CodeFunction;

/// A text that names no code reduction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeReduceError {
    /// There is no such function.
    #[error("there is no reduction {name:?}{}", or_meant(.nearest.as_deref()))]
    UnknownFunction {
        /// What was asked for.
        name: String,
        /// The function whose name is nearest.
        nearest: Option<String>,
    },
    /// The function works on a field.
    #[error("{0} needs a field: {0}:FIELD")]
    NeedsField(&'static str),
    /// The function needs an argument before its field.
    #[error("{form}: {expected}")]
    BadArgument {
        /// How the function is written.
        form: &'static str,
        /// What its argument may be.
        expected: &'static str,
    },
}

impl CodeReduceError {
    pub(super) fn unknown(name: &str) -> Self {
        Self::UnknownFunction {
            name: name.to_owned(),
            nearest: nearest(name, CodeFunction::NAMES).map(str::to_owned),
        }
    }
}

fn or_meant(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean {name:?}?"),
        None => format!("; there are {}", CodeFunction::NAMES.join(", ")),
    }
}
