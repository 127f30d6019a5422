//! Why answers of a shape cannot be gleaned.

use std::error::Error;
use std::fmt;

use patterns_core::ContractError;

/// A schema whose answers cannot be gleaned.
#[derive(Debug)]
pub struct GleanError(Option<ContractError>);

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GleanErrorKind {
    /// No field of an answer is a list, so nothing can be added to it.
    NoList,
    /// The schema makes no contract.
    Contract,
}

impl GleanError {
    pub(super) fn no_list() -> Self {
        Self(None)
    }

    /// Returns what stands in the way.
    pub fn kind(&self) -> GleanErrorKind {
        match self.0 {
            None => GleanErrorKind::NoList,
            Some(_) => GleanErrorKind::Contract,
        }
    }
}

impl From<ContractError> for GleanError {
    fn from(error: ContractError) -> Self {
        Self(Some(error))
    }
}

impl fmt::Display for GleanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            None => "no field of the answers is a list, so nothing could be added to them",
            Some(_) => "the schema makes no contract",
        })
    }
}

impl Error for GleanError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_ref().map(|error| error as _)
    }
}
