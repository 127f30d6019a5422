//! Which of the providers behind OpenRouter may answer.
//!
//! Those that do not know the answer format would ignore it, so the others are asked first. That holds for
//! all parameters of a request, and where it leaves nobody, whoever there is may answer: every answer is
//! checked here.

use std::sync::atomic::{AtomicBool, Ordering};

use patterns_core::{AnswerFormat, ModelError};

/// What is known of the providers behind a model.
#[derive(Debug, Default)]
pub(super) struct Routing {
    /// Whether nobody takes all that is asked for.
    is_lax: AtomicBool,
}

/// How it is said that nobody does.
const NOBODY: &str = "no endpoints found that can handle the requested parameters";

impl Routing {
    /// Returns whether only those may answer who take all parameters.
    pub(super) fn is_strict(&self, format: AnswerFormat) -> bool {
        format < AnswerFormat::JsonObject && !self.is_lax.load(Ordering::Relaxed)
    }

    /// Learns that nobody does; returns whether that changes anything for a request that was put so.
    pub(super) fn learn(&self, error: &ModelError) -> bool {
        let words = error.detail().unwrap_or_default().to_lowercase();
        words.contains(NOBODY) && {
            self.is_lax.store(true, Ordering::Relaxed);
            true
        }
    }
}
