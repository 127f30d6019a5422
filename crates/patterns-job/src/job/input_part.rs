//! How much of the input is worked on: all of it, the first ones, or some that are drawn.

use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job_error::JobError;

/// How much of the input is worked on; all of it where nothing is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InputPart {
    /// The first so many documents or questions only, to try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<NonZeroUsize>,
    /// So many of them only, drawn evenly, and the same ones for the same `run.seed`. A larger sample has
    /// the smaller ones in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<NonZeroUsize>,
}

/// Which documents or questions are worked on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// All of them.
    #[default]
    All,
    /// The first ones.
    First(NonZeroUsize),
    /// Some that are drawn.
    Drawn {
        /// How many.
        size: NonZeroUsize,
        /// Draws the same ones again.
        seed: u64,
    },
}

impl InputPart {
    /// Returns which ones are worked on in a run with this seed.
    pub fn choice(&self, seed: Option<u32>) -> Choice {
        match (self.limit, self.sample) {
            (Some(most), _) => Choice::First(most),
            (None, Some(size)) => Choice::Drawn {
                size,
                seed: seed.map_or(0, u64::from),
            },
            (None, None) => Choice::All,
        }
    }

    /// Checks that at most one thing is said.
    pub(crate) fn check(&self) -> Result<(), JobError> {
        if self.limit.is_none() || self.sample.is_none() {
            return Ok(());
        }
        let message = "`input.limit` and `input.sample` both say how many are worked on";
        Err(JobError::of_key("input.sample", message).help("leave one of them out"))
    }
}
