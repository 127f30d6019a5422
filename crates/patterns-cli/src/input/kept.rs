//! What was asked about, where it is needed once more at the end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use patterns_core::Document;
use patterns_parallel::{Chunk, Split};

/// Documents, or their chunks where they are cut.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<Document>>>);

impl Kept {
    /// Takes them.
    pub(crate) fn take(&self) -> Vec<Document> {
        std::mem::take(&mut self.lock())
    }

    pub(super) fn add(&self, document: Document) {
        self.lock().push(document);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Document>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps chunks as they are made.
pub(super) struct KeepChunks<S> {
    pub(super) splitter: S,
    pub(super) kept: Kept,
}

impl<S: Split> Split for KeepChunks<S> {
    fn split(&self, document: &Document) -> Vec<Chunk> {
        let chunks = self.splitter.split(document);
        let mut kept = self.kept.lock();
        kept.extend(chunks.iter().map(Chunk::to_document));
        chunks
    }

    /// The halves take the place of the chunk: they are what is cited.
    fn halve(&self, chunk: &Chunk) -> Option<[Chunk; 2]> {
        let halves = self.splitter.halve(chunk)?;
        let id = chunk.id();
        let mut kept = self.kept.lock();
        if let Some(at) = kept.iter().position(|it| it.id == id) {
            kept.splice(at..=at, halves.iter().map(Chunk::to_document));
        }
        Some(halves)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use patterns_parallel::Splitter;

    use super::*;

    #[test]
    fn halves_take_the_place_of_their_chunk() {
        let kept = Kept::default();
        let splitter = KeepChunks {
            splitter: Splitter::new(NonZeroU64::new(5).unwrap()),
            kept: kept.clone(),
        };
        let chunks = splitter.split(&Document::new("a", "One two three. Four five six."));
        assert_eq!(chunks.len(), 2);
        splitter.halve(&chunks[0]).unwrap();
        let ids: Vec<String> = kept.take().into_iter().map(|it| it.id).collect();
        assert_eq!(ids, ["a#1.1", "a#1.2", "a#2"]);
    }
}
