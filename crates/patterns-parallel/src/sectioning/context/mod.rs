//! Material to work from: chooses what a section gets, and checks what it cites.

mod citation;
#[cfg(feature = "split")]
mod passages;

pub use citation::Citation;
#[cfg(feature = "split")]
pub use passages::Passages;

pub(super) use citation::{CitationDraft, check_citations, remarked};

/// Selects the passages of long material that concern a section.
pub(super) trait Select: Send + Sync {
    /// Returns the passages that concern the first of these queries that any concerns, in the order of the
    /// documents.
    fn select(&self, queries: &[&str]) -> Vec<patterns_core::Document>;

    /// Says how much there is, and how much of it a section gets.
    fn describe(&self) -> String;

    /// Returns the names of the documents.
    fn documents(&self) -> Vec<String>;

    /// Returns the document that a passage is of.
    fn document_of(&self, passage: &str) -> Option<String>;
}
