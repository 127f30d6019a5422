//! Why a text names no code reduction.

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
        let likeness = |known: &&str| strsim::jaro_winkler(known, name);
        let by_likeness = |a: &&str, b: &&str| likeness(a).total_cmp(&likeness(b));
        let nearest = CodeFunction::NAMES.into_iter().max_by(by_likeness);
        Self::UnknownFunction {
            name: name.to_owned(),
            nearest: nearest.filter(|it| likeness(it) > 0.7).map(str::to_owned),
        }
    }
}

fn or_meant(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean {name:?}?"),
        None => format!("; there are {}", CodeFunction::NAMES.join(", ")),
    }
}
