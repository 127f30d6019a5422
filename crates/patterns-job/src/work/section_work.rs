//! What sectioning works on, read.

use patterns_core::Document;
use serde_json::Value;

use crate::input::{Reader, read_schema};
use crate::job::SectionJob;
use crate::job_error::JobError;

/// What sectioning works on.
#[derive(Clone, Debug)]
pub struct SectionWork {
    /// The job.
    pub job: SectionJob,
    /// Material.
    pub context: Vec<Document>,
    /// The schema of the synthesis, if it is not the usual one.
    pub schema: Option<Value>,
}

impl SectionWork {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Returns an error if anything in it is missing or not valid.
    pub fn read(job: SectionJob, reader: &Reader) -> Result<Self, JobError> {
        Ok(Self {
            context: reader.context(&job.context)?,
            schema: job.schema.as_ref().map(read_schema).transpose()?,
            job,
        })
    }
}
