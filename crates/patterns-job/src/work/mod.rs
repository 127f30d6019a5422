//! Reads what a job works on: questions, material, schemas. Documents are read while the run goes on.

mod ballot_spec;
mod batch_turns;
mod identity;
mod map_reduce_work;
mod model_roles;
mod section_work;
mod vote_work;

pub use ballot_spec::BallotSpec;
pub use batch_turns::BatchTurns;
pub(crate) use map_reduce_work::value_schema;
pub use map_reduce_work::{CodeWork, MapReduceWork};
pub use model_roles::ModelRoles;
pub use section_work::SectionWork;
pub use vote_work::{BatchQuestion, Questions, VoteWork};

use crate::input::Reader;
use crate::job::Job;
use crate::job_error::JobError;
use crate::setup::Settings;

/// What a job works on, whatever its pattern.
pub(crate) enum Work {
    Section(Box<SectionWork>),
    Vote(Box<VoteWork>),
    MapReduce(Box<MapReduceWork>),
}

impl Work {
    /// Reads it.
    pub(crate) fn read(job: Job, reader: &Reader) -> Result<Self, JobError> {
        Ok(match job {
            Job::Section(job) => Self::Section(Box::new(SectionWork::read(*job, reader)?)),
            Job::Vote(job) => Self::Vote(Box::new(VoteWork::read(*job, reader)?)),
            Job::MapReduce(job) => Self::MapReduce(Box::new(MapReduceWork::read(*job)?)),
        })
    }

    /// Returns a digest of what the run is for.
    pub(crate) fn identity(&self, roles: &ModelRoles, settings: &Settings) -> [u8; 32] {
        match self {
            Self::Section(work) => work.identity(roles, settings),
            Self::Vote(work) => work.identity(roles, settings),
            Self::MapReduce(work) => work.identity(roles, settings),
        }
    }
}
