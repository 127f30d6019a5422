//! What driver and worker say to each other of a whole job that is handed over (`--detach`).
//!
//! A worker runs the command for it, as whoever typed it would have, in the same folder and with the same store
//! if they are there; only the models' calls go where all calls go, to the server. So a job that is handed out
//! again, by a worker that was killed, goes on where it was, and what comes of it is what a run here gives.
//!
//! Its result comes back in the answer, unless it is larger than what the server should carry around; then it
//! stays in a file at the worker, and the answer says where, and which it is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The form of both; another one is refused, not guessed at.
pub(super) const FORM: u32 = 1;

/// A result that is larger stays where it is.
pub(super) const MOST_BYTES: u64 = 1 << 20;

/// A job that is handed over.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Handed {
    pub(super) form: u32,
    pub(super) id: String,
    /// The job, without the file of its result. Its paths begin at the root.
    pub(super) job: Value,
    /// What `-c` said, but of the server.
    pub(super) set: Vec<String>,
    /// Where it was typed.
    pub(super) folder: PathBuf,
    /// Where it is recorded, if it is.
    pub(super) store: Option<PathBuf>,
    /// The form of its result.
    pub(super) output: String,
    /// What was typed, without what may be secret: it is recorded of the run.
    #[serde(default)]
    pub(super) arguments: Vec<String>,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    /// How the command ended.
    pub(super) code: u8,
    /// What it said.
    pub(super) said: String,
    pub(super) result: Kept,
    /// Where it is recorded, as the worker names it.
    pub(super) store: Option<PathBuf>,
}

/// A result.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kept {
    /// There is none.
    None,
    /// It is here, in base64.
    Here(String),
    /// It is in a file at the worker.
    There {
        path: PathBuf,
        bytes: u64,
        /// Its digest.
        blake3: String,
    },
}

/// Returns whether an id is one of ours; it becomes part of a path.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|it| it.is_ascii_hexdigit())
}
