//! What became of every document and chunk of a run, so that nothing is left out in silence.

use serde::{Deserialize, Serialize};

/// How many gaps are named; more of them are only counted.
pub const MAX_GAPS: usize = 100;

/// What became of the documents of a map-reduce run, and of the chunks that they were cut into.
///
/// ```
/// use patterns_core::{Coverage, Covered};
///
/// let mut coverage = Coverage::default();
/// coverage.chunk("a.md", Covered::Mapped);
/// coverage.document(Covered::Mapped);
/// assert!(coverage.is_whole());
/// coverage.chunk("b.md", Covered::Failed);
/// coverage.document(Covered::Failed);
/// assert_eq!((coverage.documents.mapped, coverage.documents.total()), (1, 2));
/// assert_eq!(coverage.gaps[0].name, "b.md");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// How the documents that were begun ended.
    pub documents: DocumentCoverage,
    /// How their chunks ended; a document that was not cut is one chunk. None is truncated.
    pub chunks: DocumentCoverage,
    /// Chunks that a model still called too long, and that were mapped as two halves.
    pub halved: u64,
    /// What no answer is about: the first [`MAX_GAPS`], in the order in which they ended.
    pub gaps: Vec<Gap>,
    /// How many more gaps there are.
    pub more_gaps: u64,
}

impl Coverage {
    /// Counts a document that has ended. Its gaps are those of its chunks.
    pub fn document(&mut self, end: Covered) {
        self.documents.add(end);
    }

    /// Counts a chunk, or a document without any, and names it if it is a gap.
    pub fn chunk(&mut self, name: &str, end: Covered) {
        self.chunks.add(end);
        if end == Covered::Mapped {
            return;
        }
        if self.gaps.len() == MAX_GAPS {
            self.more_gaps += 1;
            return;
        }
        let name = name.to_owned();
        self.gaps.push(Gap { name, end });
    }

    /// Returns whether every document was worked on from beginning to end.
    pub fn is_whole(&self) -> bool {
        self.documents.mapped == self.documents.total() && self.gaps.is_empty()
    }
}

/// How documents or chunks ended: each in one way, so the counts add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentCoverage {
    /// Wholly in the answers.
    pub mapped: u64,
    /// Some chunks are in the answers, others are not.
    pub truncated: u64,
    /// Not in the answers: what was asked about them failed or was cancelled.
    pub failed: u64,
    /// Nothing is in them that could be asked about.
    pub skipped: u64,
    /// The same as one before.
    pub duplicate: u64,
}

impl DocumentCoverage {
    /// Returns how many there are of all kinds.
    pub fn total(&self) -> u64 {
        self.mapped + self.truncated + self.failed + self.skipped + self.duplicate
    }

    fn add(&mut self, end: Covered) {
        *match end {
            Covered::Mapped => &mut self.mapped,
            Covered::Truncated => &mut self.truncated,
            Covered::Failed => &mut self.failed,
            Covered::Skipped => &mut self.skipped,
            Covered::Duplicate => &mut self.duplicate,
        } += 1;
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
    /// It is the same as one before.
    Duplicate,
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
    fn gaps_are_named_up_to_a_number_and_counted_beyond() {
        let mut coverage = Coverage::default();
        for n in 0..MAX_GAPS + 3 {
            coverage.chunk(&n.to_string(), Covered::Failed);
        }
        coverage.chunk("fine", Covered::Mapped);
        assert_eq!((coverage.gaps.len(), coverage.more_gaps), (MAX_GAPS, 3));
        assert_eq!(coverage.gaps[0].name, "0");
        assert_eq!(coverage.chunks.total(), MAX_GAPS as u64 + 4);
    }

    #[test]
    fn only_what_was_mapped_wholly_is_whole() {
        for end in [
            Covered::Truncated,
            Covered::Failed,
            Covered::Skipped,
            Covered::Duplicate,
        ] {
            let mut coverage = Coverage::default();
            coverage.document(Covered::Mapped);
            coverage.document(end);
            assert_eq!(coverage.documents.total(), 2);
            assert!(!coverage.is_whole(), "{end:?}");
        }
    }
}
