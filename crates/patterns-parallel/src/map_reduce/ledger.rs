//! Keeps account of documents and their chunks until each has ended.

use std::collections::BTreeMap;

use patterns_core::{Coverage, Covered};

/// Numbers a document within its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DocumentNumber(u64);

/// The account of a run under way. It holds only documents of which some chunk has not ended.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    next: u64,
    open: BTreeMap<DocumentNumber, Open>,
    coverage: Coverage,
}

/// A document that has begun.
#[derive(Debug, Default)]
struct Open {
    /// Chunks that have not ended.
    chunks: Vec<String>,
    has_mapped: bool,
    has_gap: bool,
}

impl Ledger {
    /// Begins a document with these chunks; without any, there is nothing in it.
    pub(super) fn begin(&mut self, name: &str, chunks: Vec<String>) -> DocumentNumber {
        let number = DocumentNumber(self.next);
        self.next += 1;
        if chunks.is_empty() {
            self.coverage.chunk(name, Covered::Skipped);
            self.coverage.document(Covered::Skipped);
        } else {
            let open = Open {
                chunks,
                ..Open::default()
            };
            self.open.insert(number, open);
        }
        number
    }

    /// Ends a chunk.
    pub(super) fn end(&mut self, document: DocumentNumber, chunk: &str, is_mapped: bool) {
        let Some(open) = self.open.get_mut(&document) else {
            return;
        };
        let Some(at) = open.chunks.iter().position(|it| it == chunk) else {
            return;
        };
        open.chunks.swap_remove(at);
        open.has_mapped |= is_mapped;
        open.has_gap |= !is_mapped;
        let end = if is_mapped {
            Covered::Mapped
        } else {
            Covered::Failed
        };
        self.coverage.chunk(chunk, end);
        if open.chunks.is_empty() {
            let end = open.end();
            self.open.remove(&document);
            self.coverage.document(end);
        }
    }

    /// Counts a chunk that was mapped as two halves.
    pub(super) fn halved(&mut self) {
        self.coverage.halved += 1;
    }

    /// Ends the run: what has not ended has failed.
    pub(super) fn finish(&mut self) -> Coverage {
        for (_, mut open) in std::mem::take(&mut self.open) {
            for chunk in &open.chunks {
                self.coverage.chunk(chunk, Covered::Failed);
            }
            open.has_gap = true;
            self.coverage.document(open.end());
        }
        std::mem::take(&mut self.coverage)
    }
}

impl Open {
    fn end(&self) -> Covered {
        match (self.has_mapped, self.has_gap) {
            (true, true) => Covered::Truncated,
            (true, false) => Covered::Mapped,
            (false, _) => Covered::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(document: &str, chunks: u8) -> Vec<String> {
        (1..=chunks).map(|n| format!("{document}#{n}")).collect()
    }

    #[test]
    fn a_document_ends_with_its_last_chunk() {
        let mut ledger = Ledger::default();
        let [a, b, c] = ["a", "b", "c"].map(|name| ledger.begin(name, names(name, 2)));
        ledger.begin("empty", Vec::new());
        let d = ledger.begin("d", names("d", 2));
        for (document, chunk, is_mapped) in [
            (a, "a#2", true),
            (b, "b#1", false),
            (c, "c#1", false),
            (a, "a#1", true),
            (b, "b#2", true),
            (c, "c#2", false),
            (d, "d#1", true),
        ] {
            ledger.end(document, chunk, is_mapped);
        }
        let coverage = ledger.finish();
        let counts = coverage.documents;
        assert_eq!((counts.mapped, counts.truncated, counts.failed), (1, 2, 1));
        assert_eq!((counts.skipped, counts.total()), (1, 5));
        let gaps: Vec<&str> = coverage.gaps.iter().map(|it| &*it.name).collect();
        assert_eq!(gaps, ["empty", "b#1", "c#1", "c#2", "d#2"]);
    }

    proptest! {
        #[test]
        fn totals_add_up_however_it_ends(
            documents in prop::collection::vec(prop::collection::vec(0u8..3, 0..5), 0..10),
        ) {
            let mut ledger = Ledger::default();
            let mut chunks = 0;
            for (n, ends) in documents.iter().enumerate() {
                let name = n.to_string();
                let names = names(&name, ends.len() as u8);
                let number = ledger.begin(&name, names.clone());
                chunks += ends.len().max(1) as u64;
                for (chunk, end) in names.iter().zip(ends).filter(|(_, end)| **end < 2) {
                    ledger.end(number, chunk, *end == 0);
                }
            }
            let coverage = ledger.finish();
            prop_assert_eq!(coverage.documents.total(), documents.len() as u64);
            prop_assert_eq!(coverage.chunks.total(), chunks);
            prop_assert!(ledger.open.is_empty());
            let gaps = coverage.gaps.len() as u64 + coverage.more_gaps;
            prop_assert_eq!(gaps, chunks - coverage.chunks.mapped);
            let is_whole = documents.iter().all(|it| !it.is_empty() && it.iter().all(|end| *end == 0));
            prop_assert_eq!(coverage.is_whole(), is_whole);
        }
    }
}
