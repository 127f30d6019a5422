//! The patterns that jobs describe, one file for each.

mod map_reduce;
mod nested_writer;
mod section;
mod vote;

pub use map_reduce::{Checked, ReadBy};
pub use vote::AnyVoting;

use patterns_core::ContractError;

use crate::job_error::{JobError, JobErrorKind};

/// A schema was checked when it was read, and our own ones are tested.
fn unusable(error: ContractError) -> JobError {
    JobError::new(JobErrorKind::BadSchema, error.to_string())
}
