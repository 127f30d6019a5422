//! Accounts for the coverage of a run: what has become of every document and its chunks.
//!
//! Gaps are named in input order, the first hundred of them, so that the account takes constant memory
//! and shows nothing of who was faster. What a run that was cut off had not begun is counted, and not
//! named; where nobody knows how many there are, that is said.

use std::collections::BTreeMap;

use patterns_core::{Coverage, Covered, Gap};

/// How many gaps are named; more of them are only counted.
const MAX_GAPS: usize = 100;

/// How many documents are named that were cut because they were too long.
const NAMED_CUTS: usize = 3;

/// The account of a run under way. Of documents it holds only those of which some chunk has not
/// ended.
#[derive(Debug, Default)]
pub(super) struct CoverageAccount {
    next: u64,
    open: BTreeMap<u64, Open>,
    gaps: BTreeMap<ChunkNumber, Gap>,
    coverage: Coverage,
    /// How many documents there are, if that is known.
    total: Option<u64>,
    /// Whether all of them have come.
    is_exhausted: bool,
    /// The first documents that nobody had asked to be cut and that were too long, and how many
    /// there are of them.
    cut: BTreeMap<ChunkNumber, String>,
    cuts: u64,
}

/// The place of a chunk in its run: that of its document, and its own in the document.
pub(super) type ChunkNumber = (u64, usize);

/// A document that has begun.
#[derive(Debug)]
struct Open {
    /// The names of the chunks that have not ended.
    chunks: BTreeMap<usize, String>,
    /// How those ended together that have.
    end: Option<Covered>,
}

impl CoverageAccount {
    /// Begins a document with these chunks and returns its place; without any, there is nothing in it.
    pub(super) fn begin(&mut self, name: &str, chunks: Vec<String>) -> u64 {
        let number = self.next;
        self.next += 1;
        if chunks.is_empty() {
            self.count((number, 0), name.to_owned(), Covered::Skipped);
            self.coverage.documents.add(Covered::Skipped);
        } else {
            let chunks = chunks.into_iter().enumerate().collect();
            self.open.insert(number, Open { chunks, end: None });
        }
        number
    }

    /// Begins the account of so many documents, if their number is known.
    pub(super) fn expecting(total: Option<u64>) -> Self {
        Self {
            total,
            ..Self::default()
        }
    }

    /// Returns how many documents there are, if that is known.
    pub(super) fn expected(&self) -> Option<u64> {
        self.total
    }

    /// Notes that all documents have come.
    pub(super) fn exhaust(&mut self) {
        self.is_exhausted = true;
    }

    /// Notes that a chunk was asked about in parts; `document` is its name if nobody had asked to cut it.
    pub(super) fn in_parts(&mut self, number: ChunkNumber, document: Option<String>) {
        self.coverage.halved += 1;
        if let Some(name) = document {
            self.cuts += 1;
            self.cut.insert(number, name);
            if self.cut.len() > NAMED_CUTS {
                self.cut.pop_last();
            }
        }
    }

    /// Returns the first documents that were cut so, and how many there are.
    pub(super) fn cuts(&self) -> (Vec<&str>, u64) {
        (self.cut.values().map(String::as_str).collect(), self.cuts)
    }

    /// Ends a chunk: it was mapped, has failed, or was not sent.
    pub(super) fn end(&mut self, number: ChunkNumber, end: Covered) {
        let Some(open) = self.open.get_mut(&number.0) else {
            return;
        };
        let Some(name) = open.chunks.remove(&number.1) else {
            return;
        };
        let whole = open.add(end);
        if open.chunks.is_empty() {
            self.coverage.documents.add(whole);
            self.open.remove(&number.0);
        }
        self.count(number, name, end);
    }

    /// Ends the run: what has not ended has failed, and what has not come was not begun.
    pub(super) fn finish(&mut self) -> Coverage {
        for (document, mut open) in std::mem::take(&mut self.open) {
            self.coverage.documents.add(open.add(Covered::Failed));
            for (chunk, name) in open.chunks {
                self.count((document, chunk), name, Covered::Failed);
            }
        }
        let mut coverage = std::mem::take(&mut self.coverage);
        if !self.is_exhausted {
            let left = self.total.map(|it| it.saturating_sub(self.next));
            coverage.documents.not_begun += left.unwrap_or(0);
            coverage.more_not_begun = left.is_none();
        }
        coverage.gaps = std::mem::take(&mut self.gaps).into_values().collect();
        coverage
    }

    /// Counts a chunk. Of the gaps the first are kept, in input order: which branch was faster must
    /// not show.
    fn count(&mut self, number: ChunkNumber, name: String, end: Covered) {
        self.coverage.chunks.add(end);
        if matches!(end, Covered::Mapped | Covered::NotBegun) {
            return;
        }
        self.gaps.insert(number, Gap { name, end });
        if self.gaps.len() > MAX_GAPS {
            self.gaps.pop_last();
            self.coverage.more_gaps += 1;
        }
    }
}

impl Open {
    /// Adds the end of a chunk, and returns how the document has ended so far.
    fn add(&mut self, end: Covered) -> Covered {
        use Covered::{Failed, Mapped, Truncated};
        let end = match (self.end.unwrap_or(end), end) {
            (before, end) if before == end => end,
            (Mapped | Truncated, _) | (_, Mapped) => Truncated,
            _ => Failed,
        };
        self.end = Some(end);
        end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(document: &str, chunks: usize) -> Vec<String> {
        (1..=chunks).map(|n| format!("{document}#{n}")).collect()
    }

    fn end(account: &mut CoverageAccount, number: ChunkNumber, answers: usize) {
        if answers > 1 {
            account.in_parts(number, None);
        }
        account.end(
            number,
            if answers > 0 {
                Covered::Mapped
            } else {
                Covered::Failed
            },
        );
    }

    #[test]
    fn what_has_not_come_was_not_begun() {
        for (total, is_exhausted, expected) in [
            (Some(53), false, (33 + 1, false)),
            (None, false, (1, true)),
            (None, true, (1, false)),
            (Some(53), true, (1, false)),
        ] {
            let mut account = CoverageAccount::expecting(total);
            let all: Vec<_> = (0..20)
                .map(|n| account.begin(&n.to_string(), names("x", 1)))
                .collect();
            for it in &all[..19] {
                account.end((*it, 0), Covered::Mapped);
            }
            account.end((all[19], 0), Covered::NotBegun);
            if is_exhausted {
                account.exhaust();
            }
            let coverage = account.finish();
            let not_begun = coverage.documents.not_begun;
            assert_eq!((not_begun, coverage.more_not_begun), expected);
            assert!(!coverage.is_whole() && coverage.gaps.is_empty());
            assert_eq!(coverage.documents.total(), 19 + not_begun);
        }
    }

    #[test]
    fn the_first_documents_that_were_cut_are_named() {
        let mut account = CoverageAccount::default();
        let all: Vec<_> = (0..5)
            .map(|n| account.begin(&n.to_string(), names("x", 1)))
            .collect();
        for (n, it) in all.iter().enumerate().rev() {
            account.in_parts((*it, 0), Some(n.to_string()));
        }
        assert_eq!(account.cuts(), (vec!["0", "1", "2"], 5));
    }

    #[test]
    fn a_document_ends_with_its_last_chunk() {
        let mut account = CoverageAccount::default();
        let [a, b, c] = ["a", "b", "c"].map(|name| account.begin(name, names(name, 2)));
        account.begin("empty", Vec::new());
        let d = account.begin("d", names("d", 2));
        for (document, chunk, answers) in [
            (a, 1, 1),
            (c, 0, 0),
            (b, 0, 0),
            (a, 0, 2),
            (b, 1, 1),
            (c, 1, 0),
            (d, 0, 1),
        ] {
            end(&mut account, (document, chunk), answers);
        }
        account.exhaust();
        let coverage = account.finish();
        let counts = coverage.documents;
        assert_eq!((counts.mapped, counts.truncated, counts.failed), (1, 2, 1));
        assert_eq!((counts.skipped, counts.total()), (1, 5));
        assert_eq!(coverage.halved, 1);
        let gaps: Vec<&str> = coverage.gaps.iter().map(|it| &*it.name).collect();
        assert_eq!(gaps, ["b#1", "c#1", "c#2", "empty", "d#2"]);
    }

    #[test]
    fn a_document_has_failed_if_a_chunk_has_and_was_not_begun_only_if_none_was() {
        use Covered::{Failed, Mapped, NotBegun, Truncated};
        for (ends, expected) in [
            (&[Failed, NotBegun][..], Failed),
            (&[NotBegun, Failed], Failed),
            (&[NotBegun, NotBegun, Failed], Failed),
            (&[NotBegun, NotBegun], NotBegun),
            (&[Failed, NotBegun, Mapped], Truncated),
            (&[Mapped, NotBegun, Mapped], Truncated),
        ] {
            let mut open = Open {
                chunks: BTreeMap::new(),
                end: None,
            };
            let whole = ends.iter().map(|it| open.add(*it)).last();
            assert_eq!(whole, Some(expected), "{ends:?}");
        }
    }

    #[test]
    fn the_first_gaps_are_named_and_the_rest_is_counted() {
        let mut account = CoverageAccount::default();
        let all: Vec<_> = (0..MAX_GAPS + 3)
            .map(|n| account.begin(&n.to_string(), names("x", 1)))
            .collect();
        all.iter()
            .rev()
            .for_each(|it| account.end((*it, 0), Covered::Failed));
        assert!(account.gaps.len() <= MAX_GAPS);
        let coverage = account.finish();
        assert_eq!((coverage.gaps.len(), coverage.more_gaps), (MAX_GAPS, 3));
        assert_eq!(coverage.chunks.failed, MAX_GAPS as u64 + 3);
    }

    proptest! {
        #[test]
        fn totals_add_up_however_it_ends(
            documents in prop::collection::vec(prop::collection::vec(0usize..4, 0..5), 0..10),
        ) {
            let mut account = CoverageAccount::default();
            let mut chunks = 0;
            for (n, ends) in documents.iter().enumerate() {
                let name = n.to_string();
                let number = account.begin(&name, names(&name, ends.len()));
                chunks += ends.len().max(1) as u64;
                for (chunk, answers) in ends.iter().enumerate().filter(|(_, it)| **it < 3) {
                    end(&mut account, (number, chunk), *answers);
                }
            }
            account.exhaust();
            let coverage = account.finish();
            prop_assert_eq!(coverage.documents.total(), documents.len() as u64);
            prop_assert_eq!(coverage.chunks.total(), chunks);
            prop_assert!(account.open.is_empty());
            let gaps = coverage.gaps.len() as u64 + coverage.more_gaps;
            prop_assert_eq!(gaps, chunks - coverage.chunks.mapped);
            let is_whole = |it: &Vec<usize>| !it.is_empty() && it.iter().all(|it| [1, 2].contains(it));
            prop_assert_eq!(coverage.is_whole(), documents.iter().all(is_whole));
        }
    }
}
