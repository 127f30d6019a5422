//! Why a schema cannot serve as a contract.

use std::fmt;

use super::strict::SchemaProblem;

/// A schema that cannot serve as a contract; found before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ContractError {
    problems: Vec<SchemaProblem>,
}

impl ContractError {
    pub(super) fn new(problems: Vec<SchemaProblem>) -> Self {
        Self { problems }
    }

    pub(super) fn one(pointer: &str, message: impl Into<String>) -> Self {
        Self::new(vec![SchemaProblem {
            pointer: pointer.to_owned(),
            message: message.into(),
        }])
    }

    /// Returns what is wrong, each with its place; never empty.
    pub fn problems(&self) -> &[SchemaProblem] {
        &self.problems
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer schema cannot be used: ")?;
        let problems: Vec<_> = self.problems.iter().map(ToString::to_string).collect();
        f.write_str(&problems.join("; "))
    }
}
