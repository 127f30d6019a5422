//! Accounts for the coverage of a run: what has become of every document and its chunks.
//!
//! It is told of them in input order. So the chunks of a document come one after the other, the account takes
//! constant memory, and shows nothing of who was faster. The first hundred gaps are named. What a run that was
//! cut off had not begun is counted, and not named; where nobody knows how many there are, that is said.

use patterns_core::{Coverage, Covered, Gap, Warning, some_of};

/// How many gaps are named; more of them are only counted.
const MAX_GAPS: usize = 100;

/// How many documents are named that were cut because they were too long.
const NAMED_CUTS: usize = 3;

/// The account of a run under way.
#[derive(Debug, Default)]
pub(super) struct CoverageAccount {
    coverage: Coverage,
    /// The document whose chunks are coming, and how those ended together that have come.
    open: Option<(u64, Covered)>,
    /// The first documents that nobody had asked to be cut and that were too long, and how many
    /// there are of them.
    cut: Vec<String>,
    cuts: u64,
}

impl CoverageAccount {
    /// Takes the end of the next chunk, which is of this document: it was mapped, has failed, was not sent, or
    /// there is nothing in the document.
    pub(super) fn end(&mut self, document: u64, chunk: String, end: Covered) {
        let so_far = self.open.filter(|it| it.0 == document);
        if so_far.is_none() {
            self.close();
        }
        let whole = so_far.map_or(end, |(_, before)| together(before, end));
        self.open = Some((document, whole));
        self.coverage.chunks.add(end);
        match end {
            Covered::Mapped | Covered::NotBegun => {}
            _ if self.coverage.gaps.len() < MAX_GAPS => {
                self.coverage.gaps.push(Gap { name: chunk, end });
            }
            _ => self.coverage.more_gaps += 1,
        }
    }

    fn close(&mut self) {
        if let Some((_, whole)) = self.open.take() {
            self.coverage.documents.add(whole);
        }
    }

    /// Notes that a chunk was asked about in parts; `document` is its name if nobody had asked to cut it.
    pub(super) fn in_parts(&mut self, document: Option<&str>) {
        self.coverage.halved += 1;
        if let Some(name) = document {
            self.cuts += 1;
            if self.cut.len() < NAMED_CUTS {
                self.cut.push(name.to_owned());
            }
        }
    }

    /// Warns of what was cut although nobody had asked for it.
    pub(super) fn warning(&self) -> Option<Warning> {
        let named = some_of(&self.cut, self.cuts);
        let message =
            format!("too long for the model as a whole, so asked about in parts: {named}");
        (self.cuts > 0).then(|| Warning::new("document-cut", message))
    }

    /// Ends the run, whose last so many documents have not come, if that is known.
    pub(super) fn finish(mut self, left: Option<u64>) -> Coverage {
        self.close();
        self.coverage.documents.not_begun += left.unwrap_or(0);
        self.coverage.more_not_begun = left.is_none();
        self.coverage
    }
}

/// Returns how a document has ended by the ends of its chunks.
fn together(before: Covered, end: Covered) -> Covered {
    use Covered::{Failed, Mapped, Truncated};
    match (before, end) {
        (before, end) if before == end => end,
        (Mapped | Truncated, _) | (_, Mapped) => Truncated,
        _ => Failed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Covered::{Failed, Mapped, NotBegun, Skipped, Truncated};
    use super::*;

    /// Accounts for documents by the ends of their chunks.
    fn account(documents: &[Vec<Covered>], left: Option<u64>) -> Coverage {
        let mut account = CoverageAccount::default();
        for (document, ends) in (0..).zip(documents) {
            for (chunk, end) in (1..).zip(ends) {
                account.end(document, format!("{document}#{chunk}"), *end);
            }
        }
        account.finish(left)
    }

    #[test]
    fn what_has_not_come_was_not_begun() {
        for (left, expected) in [
            (Some(33), (34, false)),
            (None, (1, true)),
            (Some(0), (1, false)),
        ] {
            let coverage = account(&[vec![Mapped], vec![NotBegun]], left);
            let not_begun = coverage.documents.not_begun;
            assert_eq!((not_begun, coverage.more_not_begun), expected);
            assert!(!coverage.is_whole() && coverage.gaps.is_empty());
            assert_eq!(coverage.documents.total(), 1 + not_begun);
        }
    }

    #[test]
    fn the_first_documents_that_were_cut_are_named() {
        let mut account = CoverageAccount::default();
        assert_eq!(account.warning(), None);
        (0..5).for_each(|it| account.in_parts(Some(&it.to_string())));
        account.in_parts(None);
        let warning = account.warning().unwrap().message;
        assert!(warning.ends_with(": 0, 1, 2 and 2 more"), "{warning}");
        assert_eq!(account.finish(Some(0)).halved, 6);
    }

    #[test]
    fn a_document_has_failed_if_a_chunk_has_and_was_not_begun_only_if_none_was() {
        for (ends, expected) in [
            (&[Failed, NotBegun][..], Failed),
            (&[NotBegun, Failed], Failed),
            (&[NotBegun, NotBegun, Failed], Failed),
            (&[NotBegun, NotBegun], NotBegun),
            (&[Failed, NotBegun, Mapped], Truncated),
            (&[Mapped, NotBegun, Mapped], Truncated),
            (&[Skipped], Skipped),
        ] {
            let coverage = account(&[ends.to_vec()], Some(0));
            let mut counts = patterns_core::CoverageCounts::default();
            counts.add(expected);
            assert_eq!(coverage.documents, counts, "{ends:?}");
        }
    }

    #[test]
    fn the_first_gaps_are_named_and_the_rest_is_counted() {
        let coverage = account(&vec![vec![Failed, Mapped]; MAX_GAPS + 3], Some(0));
        assert_eq!((coverage.gaps.len(), coverage.more_gaps), (MAX_GAPS, 3));
        assert_eq!(coverage.gaps[1].name, "1#1");
        assert_eq!(coverage.chunks.failed, MAX_GAPS as u64 + 3);
    }

    proptest! {
        #[test]
        fn totals_add_up_however_it_ends(
            documents in prop::collection::vec(
                prop::collection::vec(prop::sample::select(vec![Mapped, Failed, NotBegun]), 1..5),
                0..10,
            ),
        ) {
            let coverage = account(&documents, Some(0));
            let chunks = documents.iter().map(Vec::len).sum::<usize>() as u64;
            prop_assert_eq!(coverage.documents.total(), documents.len() as u64);
            prop_assert_eq!(coverage.chunks.total(), chunks);
            let gaps = coverage.gaps.len() as u64 + coverage.more_gaps;
            prop_assert_eq!(gaps, coverage.chunks.failed);
            let is_whole = |it: &Vec<Covered>| it.iter().all(|it| *it == Mapped);
            prop_assert_eq!(coverage.is_whole(), documents.iter().all(is_whole));
        }
    }
}
