//! What became of every document and chunk of a run, so that nothing is left out in silence.

use serde::{Deserialize, Serialize};

/// What became of the documents of a map-reduce run, and of the chunks that they were cut into.
///
/// ```
/// use patterns_core::{Coverage, Covered};
///
/// let mut coverage = Coverage::default();
/// coverage.documents.add(Covered::Mapped);
/// assert!(coverage.is_whole());
/// coverage.documents.add(Covered::Truncated);
/// assert!(!coverage.is_whole());
/// assert_eq!((coverage.documents.mapped, coverage.documents.total()), (1, 2));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// How the documents ended.
    pub documents: CoverageCounts,
    /// How their chunks ended; a document that was not cut is one chunk, and so is one with nothing
    /// in it. No chunk is truncated.
    pub chunks: CoverageCounts,
    /// Chunks that the model called too long and that were mapped in parts.
    pub halved: u64,
    /// The chunks that were begun and that no answer is about, in input order, up to a number.
    pub gaps: Vec<Gap>,
    /// How many more of them there are.
    pub more_gaps: u64,
    /// Whether there may be more documents that were not begun, and nobody knows how many.
    #[serde(default)]
    pub more_not_begun: bool,
}

impl Coverage {
    /// Returns whether every document was worked on from beginning to end.
    pub fn is_whole(&self) -> bool {
        self.documents.mapped == self.documents.total() && !self.more_not_begun
    }
}

/// How documents or chunks ended: each in one way, so the counts add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageCounts {
    /// Wholly in the answers.
    pub mapped: u64,
    /// In the answers as far as some chunks go; other chunks are not.
    pub truncated: u64,
    /// Not in the answers: what was asked about them failed or was cancelled.
    pub failed: u64,
    /// Not in the answers: there is nothing in them that could be asked about.
    pub skipped: u64,
    /// Not in the answers: the run ended before anybody was asked about them. Of documents that had
    /// not come, no chunk is counted.
    #[serde(default)]
    pub not_begun: u64,
}

impl CoverageCounts {
    /// Counts one more.
    pub fn add(&mut self, end: Covered) {
        *match end {
            Covered::Mapped => &mut self.mapped,
            Covered::Truncated => &mut self.truncated,
            Covered::Failed => &mut self.failed,
            Covered::Skipped => &mut self.skipped,
            Covered::NotBegun => &mut self.not_begun,
        } += 1;
    }

    /// Returns how many there are of all kinds.
    pub fn total(&self) -> u64 {
        self.mapped + self.truncated + self.failed + self.skipped + self.not_begun
    }
}

/// How a document or a chunk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Covered {
    /// All of it was worked on.
    Mapped,
    /// Some chunks were worked on.
    Truncated,
    /// There is no answer about it.
    Failed,
    /// There is nothing in it.
    Skipped,
    /// The run ended before anybody was asked about it.
    NotBegun,
}

/// Something that no answer is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The chunk, or the document that was not cut. Hostile text if the user's input is.
    pub name: String,
    /// How it ended.
    pub end: Covered,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_mapped_wholly_is_whole() {
        for end in [
            Covered::Truncated,
            Covered::Failed,
            Covered::Skipped,
            Covered::NotBegun,
        ] {
            let mut coverage = Coverage::default();
            coverage.documents.add(Covered::Mapped);
            coverage.documents.add(end);
            assert_eq!(coverage.documents.total(), 2);
            assert!(!coverage.is_whole(), "{end:?}");
        }
    }
}
