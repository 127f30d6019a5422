//! Results with their measures beside them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use patterns_core::{BranchId, Event, EventSink, StepRole};
use patterns_parallel::Measures;
use serde::Serialize;

use crate::input::Corpus;
use crate::job::MapReduceWork;

/// A result, and its measures if it was to be measured.
#[derive(Serialize)]
pub(super) struct Measured<R> {
    #[serde(flatten)]
    pub(super) value: R,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) measures: Option<Measures>,
}

impl<R: Serialize> Measured<R> {
    /// Returns how results of this work are measured.
    pub(super) fn by(
        work: &MapReduceWork,
        corpus: &mut Corpus,
    ) -> impl FnOnce(R, Option<R>) -> Self + use<R> {
        let documents = work.measure.then(|| corpus.keep());
        move |value, other| {
            // An answer that was read from JSON can be written as JSON.
            let json = |it: &R| serde_json::to_value(it).unwrap_or_default();
            let measures = documents.map(|it| {
                let measures = Measures::of(&it.take(), &json(&value));
                match &other {
                    Some(other) => measures.compared_with(&json(&value), &json(other)),
                    None => measures,
                }
            });
            Self { value, measures }
        }
    }
}

/// Tells of combinations only: documents were told of before.
pub(super) struct Combining {
    inner: Arc<dyn EventSink>,
    combinations: Mutex<BTreeSet<BranchId>>,
}

impl Combining {
    pub(super) fn new(inner: Arc<dyn EventSink>) -> Self {
        Self {
            inner,
            combinations: Mutex::default(),
        }
    }
}

impl EventSink for Combining {
    fn emit(&self, event: Event) {
        let mut combinations = self
            .combinations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_told = match &event {
            Event::BranchStarted { origin, role, .. } => {
                *role == StepRole::Reduce && combinations.insert(origin.branch)
            }
            Event::BranchAnswered { origin, .. }
            | Event::BranchFailed { origin, .. }
            | Event::BranchCancelled { origin, .. } => combinations.contains(&origin.branch),
            Event::RunStarted { .. } | Event::RunFinished { .. } => false,
            _ => true,
        };
        drop(combinations);
        if is_told {
            self.inner.emit(event);
        }
    }
}
