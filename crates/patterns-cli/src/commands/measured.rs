//! Results with their measures beside them.

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
    pub(super) fn by(work: &MapReduceWork, corpus: &mut Corpus) -> impl FnOnce(R) -> Self + use<R> {
        let documents = work.measure.then(|| corpus.keep());
        move |value| {
            // An answer that was read from JSON can be written as JSON.
            let json = || serde_json::to_value(&value).unwrap_or_default();
            let measures = documents.map(|it| Measures::of(&it.take(), &json()));
            Self { value, measures }
        }
    }
}
