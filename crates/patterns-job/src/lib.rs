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

mod input;
mod job;
mod job_error;
mod job_run;
mod models;
mod pattern;
mod piece;
mod plan;
mod setup;
mod work;

pub use input::{
    Corpus, CorpusStream, KeptColumns, NotText, Reader, Taken, Total, decode_text, read_text_file,
};
pub use job::{
    AgentReduce, AnyRule, BallotPart, BatchPart, ByteSize, Choice, CodePart, Form, GrowPart,
    InputPart, Job, JobFormat, MapPart, MapReduceJob, MapReduceModels, MapReducePattern,
    MaxFailures, ModelPart, OutputPart, Reduce, RunPart, SchemaSource, SectionJob, SectionPattern,
    SectionSpec, SourcePart, Spelled, SpendPart, StatementsReduce, StoreMode, StorePart,
    SynthesisWay, TimeSpan, VoteJob, VoteModels, VotePattern, VoterSpec, is_short_schema,
    plain_words, read_short_schema,
};
pub use job_error::{JobError, JobErrorKind, Place, renamed};
pub use job_run::JobOutcome;
pub use models::Models;
pub use pattern::{
    AnyVoting, Quote, ReadBy, ReduceBudget, RestsOn, Statement, Statements, Support, SupportCounts,
    Unfolded, Unsupported,
};
pub use piece::{Anchors, Piece, PieceText, outline_text};
pub use plan::{CameTo, Combines, EarlierPlans, Figure, FirstPrompt, Off, Plan, PlanTotal, Stage};
pub use setup::{Draft, PlanSetup, Settings, Setup};
pub use work::{
    BallotSpec, BatchQuestion, BatchTurns, CodeWork, MapReduceWork, ModelRoles, Questions,
    SectionWork, VoteWork,
};
