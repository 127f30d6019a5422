//! The seam for whoever knows better where documents are to be cut.

use std::sync::Arc;

use patterns_core::Document;

use super::Chunk;

/// Cuts documents into chunks.
///
/// `Splitter` (feature `split`) does it for text and Markdown. Others may know where pages, functions
/// or speakers end.
pub trait Split: Send + Sync {
    /// Returns the chunks of a document, in order; none if there is nothing in it, and
    /// [the whole](Chunk::whole) if it needs no cutting. What is in no chunk is asked of nobody.
    fn split(&self, document: &Document) -> Vec<Chunk>;

    /// Cuts a chunk in two that a model calls too long; `None` if that cannot be.
    fn halve(&self, chunk: &Chunk) -> Option<[Chunk; 2]> {
        chunk.halve()
    }
}

impl<S: Split + ?Sized> Split for Arc<S> {
    fn split(&self, document: &Document) -> Vec<Chunk> {
        (**self).split(document)
    }

    fn halve(&self, chunk: &Chunk) -> Option<[Chunk; 2]> {
        (**self).halve(chunk)
    }
}
