//! Keeps account of documents and their chunks until each has ended.

use std::collections::BTreeMap;

use patterns_core::{Coverage, Covered, Gap};

/// How many gaps are named; more of them are only counted.
const MAX_GAPS: usize = 100;

/// The account of a run under way. Of documents it holds only those of which some chunk has not
/// ended.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    next: u64,
    open: BTreeMap<DocumentNumber, Open>,
    gaps: BTreeMap<LedgerLine, Gap>,
    coverage: Coverage,
}

/// Numbers a document within its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DocumentNumber(u64);

impl DocumentNumber {
    /// Returns the line of its chunk at this place.
    pub(super) fn line(self, chunk: usize) -> LedgerLine {
        LedgerLine {
            document: self,
            chunk,
        }
    }
}

/// Numbers a chunk within its run, in input order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LedgerLine {
    document: DocumentNumber,
    chunk: usize,
}

/// A document that has begun.
#[derive(Debug)]
struct Open {
    /// The names of the chunks that have not ended.
    chunks: BTreeMap<usize, String>,
    has_mapped: bool,
    has_gap: bool,
}

impl Ledger {
    /// Begins a document with these chunks; without any, there is nothing in it.
    pub(super) fn begin(&mut self, name: &str, chunks: Vec<String>) -> DocumentNumber {
        let number = DocumentNumber(self.next);
        self.next += 1;
        if chunks.is_empty() {
            self.count(number.line(0), name.to_owned(), Covered::Skipped);
            self.coverage.documents.add(Covered::Skipped);
        } else {
            let open = Open {
                chunks: chunks.into_iter().enumerate().collect(),
                has_mapped: false,
                has_gap: false,
            };
            self.open.insert(number, open);
        }
        number
    }

    /// Ends a chunk, with so many answers about it: none if it failed, two if it was halved.
    pub(super) fn end(&mut self, line: LedgerLine, answers: usize) {
        let Some(open) = self.open.get_mut(&line.document) else {
            return;
        };
        let Some(name) = open.chunks.remove(&line.chunk) else {
            return;
        };
        let end = match answers {
            0 => Covered::Failed,
            _ => Covered::Mapped,
        };
        open.has_mapped |= end == Covered::Mapped;
        open.has_gap |= end == Covered::Failed;
        if open.chunks.is_empty() {
            self.coverage.documents.add(open.end());
            self.open.remove(&line.document);
        }
        self.count(line, name, end);
        self.coverage.halved += u64::from(answers > 1);
    }

    /// Ends the run: what has not ended has failed.
    pub(super) fn finish(&mut self) -> Coverage {
        for (document, mut open) in std::mem::take(&mut self.open) {
            open.has_gap = true;
            self.coverage.documents.add(open.end());
            for (chunk, name) in open.chunks {
                self.count(document.line(chunk), name, Covered::Failed);
            }
        }
        let mut coverage = std::mem::take(&mut self.coverage);
        coverage.gaps = std::mem::take(&mut self.gaps).into_values().collect();
        coverage
    }

    /// Counts a chunk. Of the gaps the first are kept, in input order: which branch was faster must
    /// not show.
    fn count(&mut self, line: LedgerLine, name: String, end: Covered) {
        self.coverage.chunks.add(end);
        if end == Covered::Mapped {
            return;
        }
        self.gaps.insert(line, Gap { name, end });
        if self.gaps.len() > MAX_GAPS {
            self.gaps.pop_last();
            self.coverage.more_gaps += 1;
        }
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

    fn names(document: &str, chunks: usize) -> Vec<String> {
        (1..=chunks).map(|n| format!("{document}#{n}")).collect()
    }

    #[test]
    fn a_document_ends_with_its_last_chunk() {
        let mut ledger = Ledger::default();
        let [a, b, c] = ["a", "b", "c"].map(|name| ledger.begin(name, names(name, 2)));
        ledger.begin("empty", Vec::new());
        let d = ledger.begin("d", names("d", 2));
        for (document, chunk, answers) in [
            (a, 1, 1),
            (c, 0, 0),
            (b, 0, 0),
            (a, 0, 2),
            (b, 1, 1),
            (c, 1, 0),
            (d, 0, 1),
        ] {
            ledger.end(document.line(chunk), answers);
        }
        let coverage = ledger.finish();
        let counts = coverage.documents;
        assert_eq!((counts.mapped, counts.truncated, counts.failed), (1, 2, 1));
        assert_eq!((counts.skipped, counts.total()), (1, 5));
        assert_eq!(coverage.halved, 1);
        let gaps: Vec<&str> = coverage.gaps.iter().map(|it| &*it.name).collect();
        assert_eq!(gaps, ["b#1", "c#1", "c#2", "empty", "d#2"]);
    }

    #[test]
    fn the_first_gaps_are_named_and_the_rest_is_counted() {
        let mut ledger = Ledger::default();
        let all: Vec<_> = (0..MAX_GAPS + 3)
            .map(|n| ledger.begin(&n.to_string(), names("x", 1)))
            .collect();
        all.iter().rev().for_each(|it| ledger.end(it.line(0), 0));
        assert!(ledger.gaps.len() <= MAX_GAPS);
        let coverage = ledger.finish();
        assert_eq!((coverage.gaps.len(), coverage.more_gaps), (MAX_GAPS, 3));
        assert_eq!(coverage.chunks.failed, MAX_GAPS as u64 + 3);
    }

    proptest! {
        #[test]
        fn totals_add_up_however_it_ends(
            documents in prop::collection::vec(prop::collection::vec(0usize..4, 0..5), 0..10),
        ) {
            let mut ledger = Ledger::default();
            let mut chunks = 0;
            for (n, ends) in documents.iter().enumerate() {
                let name = n.to_string();
                let number = ledger.begin(&name, names(&name, ends.len()));
                chunks += ends.len().max(1) as u64;
                for (chunk, answers) in ends.iter().enumerate().filter(|(_, it)| **it < 3) {
                    ledger.end(number.line(chunk), *answers);
                }
            }
            let coverage = ledger.finish();
            prop_assert_eq!(coverage.documents.total(), documents.len() as u64);
            prop_assert_eq!(coverage.chunks.total(), chunks);
            prop_assert!(ledger.open.is_empty());
            let gaps = coverage.gaps.len() as u64 + coverage.more_gaps;
            prop_assert_eq!(gaps, chunks - coverage.chunks.mapped);
            let is_whole = |it: &Vec<usize>| !it.is_empty() && it.iter().all(|it| [1, 2].contains(it));
            prop_assert_eq!(coverage.is_whole(), documents.iter().all(is_whole));
        }
    }
}
