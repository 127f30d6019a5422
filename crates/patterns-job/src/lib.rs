//! A run of a pattern as plain data: a [`Job`] says what is asked, who answers, and what it may cost.
//!
//! A job is read from TOML or JSON ([`Job::read`]) or made of its parts, and has a published schema
//! ([`Job::schema`]). Every surface (the command, a server) turns what it was asked into a job.
//!
//! ```
//! use patterns_job::{Job, JobFormat};
//!
//! let job = Job::read(
//!     r#"
//!     pattern = "vote"
//!     question = "Is glass a liquid?"
//!     options = ["yes", "no"]
//!     rule = "majority"
//!     "#,
//!     JobFormat::Toml,
//! )?;
//! assert!(matches!(&job, Job::Vote(vote) if vote.options == ["yes", "no"]));
//!
//! let unknown = Job::read("pattern = \"vote\"\nquorom = 2\n", JobFormat::Toml).unwrap_err();
//! assert_eq!(unknown.place().map(|it| (it.line, it.column)), Some((2, 1)));
//! # Ok::<(), patterns_job::JobError>(())
//! ```

mod job;
mod job_error;
mod job_file;
mod map_reduce_job;
mod nearest;
mod parts;
mod policies;
mod section_job;
mod spelled;
mod units;
mod vote_check;
mod vote_job;

pub use job::Job;
pub use job_error::{JobError, JobErrorKind, Place};
pub use job_file::JobFormat;
pub use map_reduce_job::{
    AgentReduce, CodePart, MapPart, MapReduceJob, MapReduceModels, MapReducePattern, Reduce,
    SourcePart, StatementsReduce,
};
pub use nearest::nearest;
pub use parts::{
    Durability, Form, ModelPart, OutputPart, RunPart, SchemaSource, SpendPart, StoreMode, StorePart,
};
pub use policies::{MaxFailures, Stream, Tie};
pub use section_job::{SectionJob, SectionPattern};
pub use spelled::Spelled;
pub use units::{ByteSize, TimeSpan};
pub use vote_job::{BallotPart, BatchPart, VoteJob, VoteModels, VotePattern, VoterSpec};
