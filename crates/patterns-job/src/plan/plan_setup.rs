//! What a job is planned with.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use patterns_store::Store;

use crate::setup::Setup;

/// Writes an answer of a shape, given as JSON Schema, by a seed; `None` if it cannot. What it says is no
/// matter. `patterns_simulator::Instances` does that.
pub type Draft = dyn Fn(&str, u64) -> Option<String> + Send + Sync;

/// What a job is planned with. Its models are asked for their names only.
#[derive(Clone)]
pub struct PlanSetup {
    /// What the job would be run with.
    pub setup: Setup,
    /// Where answers are that need not be paid for again, and what is known of models.
    pub store: Option<Store>,
    /// Writes answers in place of models.
    pub draft: Arc<Draft>,
    /// Requests a minute that are allowed, as far as that is known.
    pub requests_per_minute: Option<NonZeroU64>,
    /// Tokens a minute that are allowed, as far as that is known.
    pub tokens_per_minute: Option<NonZeroU64>,
}

impl fmt::Debug for PlanSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanSetup")
            .field("setup", &self.setup)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
