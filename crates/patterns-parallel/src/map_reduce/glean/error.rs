//! Why answers of a shape cannot be gleaned.

use patterns_core::ContractError;

/// A schema whose answers cannot be gleaned.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct GleanError {
    kind: GleanErrorKind,
    source: Option<ContractError>,
}

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GleanErrorKind {
    /// No field of an answer is a list that can grow, so nothing can be added to it.
    #[error("no field of the answers is a list without maxItems, so nothing can be added to them")]
    NoList,
    /// The schema makes no contract.
    #[error("the schema makes no contract")]
    Contract,
}

impl GleanError {
    pub(super) fn no_list() -> Self {
        Self {
            kind: GleanErrorKind::NoList,
            source: None,
        }
    }

    /// Returns what stands in the way.
    pub fn kind(&self) -> GleanErrorKind {
        self.kind
    }
}

impl From<ContractError> for GleanError {
    fn from(error: ContractError) -> Self {
        Self {
            kind: GleanErrorKind::Contract,
            source: Some(error),
        }
    }
}
