//! Reads what a job works on: questions, material, schemas. Documents are read while the run goes on.

mod ballot_spec;
mod batch_turns;
mod identity;
mod map_reduce_work;
mod model_roles;
mod section_work;
mod settings;
mod vote_work;

pub use ballot_spec::BallotSpec;
pub use batch_turns::BatchTurns;
pub(crate) use map_reduce_work::value_schema;
pub use map_reduce_work::{CodeWork, MapReduceWork};
pub use model_roles::ModelRoles;
pub use section_work::SectionWork;
pub use settings::Settings;
pub use vote_work::{BatchQuestion, Questions, VoteWork};
