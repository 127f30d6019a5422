//! Records paid calls durably, so that none is paid for twice.
//!
//! A [`Store`] keeps answers by their [`CallKey`](patterns_core::CallKey): equal words and equal
//! sample number find the recorded answer, another sample never does, so votes do not collapse.
//! [`StoreLayer`] puts a store in front of any model; it belongs outermost in the stack, because a
//! recorded answer costs nothing.
//!
//! An answer is committed before anybody sees it, so a run is a function of its inputs and the store:
//! to resume a run is to run it again.
//!
//! Whose API key paid is no part of a key: a store has one owner, whose keys they are, and a rotated key must
//! not make all answers unpaid. Answers that must stay apart go into two files.

mod accounts;
mod branch_record;
mod branches;
mod call_record;
mod calls;
mod connection;
mod controls;
mod error;
mod experience;
mod journal;
mod known;
mod layer;
mod lock_file;
mod plans;
mod prompts;
mod record;
mod recorder;
mod run_rows;
mod runs;
mod status;
mod store;
mod transfer;
mod under_way;
mod upkeep;
mod verify;
mod versions;
mod writer;

pub use branch_record::{BranchEnding, BranchRecord};
pub use branches::{BranchCounts, Branches};
pub use call_record::{AttemptRecord, CallEnding, CallFailure, CallRecord};
pub use calls::{Calls, Texts};
pub use connection::{Durability, nearest};
pub use controls::{Asked, Control};
pub use error::{StoreError, StoreErrorKind};
pub use experience::{Answers, Experience};
pub use layer::{StoreLayer, StorePolicy, Stored};
pub use lock_file::LockFile;
pub use plans::Planned;
pub use record::Record;
pub use recorder::Recorder;
pub use runs::{Again, RunRecord};
pub use status::CallStatus;
pub use store::Store;
pub use upkeep::{Garbage, Stats};
pub use verify::Health;
