//! What became of the documents of a run, on one line.

use patterns_core::{Counts, Coverage, CoverageCounts, grouped, some_of};

/// How many gaps are named.
const NAMED: usize = 5;

/// Writes how documents and chunks ended, and what no answer is about. What a run that was ended did not wait for
/// counts with what failed; it is not called so, as none of its branches has.
pub(crate) fn coverage_line(coverage: &Coverage, branches: Counts) -> String {
    let Coverage {
        documents,
        chunks,
        halved,
        gaps,
        more_gaps,
        more_not_begun,
    } = coverage;
    let failed = match (branches.failed, branches.cancelled) {
        (_, 0) => "failed",
        (0, _) => "broken off",
        _ => "failed or broken off",
    };
    let mut line = format!("documents: {}", sum(documents, failed));
    if chunks.total() > documents.total() {
        line += &format!(" · chunks: {}", sum(chunks, failed));
    }
    if *halved > 0 {
        line += &format!(" · halved {halved}");
    }
    if *more_not_begun {
        line += " · the rest was not read";
    }
    if !gaps.is_empty() {
        let names = gaps.iter().take(NAMED).map(|it| &it.name);
        let named = some_of(names, gaps.len() as u64 + more_gaps);
        line += &format!(" · in no answer: {named}");
    }
    line
}

fn sum(counts: &CoverageCounts, failed: &str) -> String {
    let mut parts = vec![format!("{} mapped", grouped(counts.mapped))];
    for (count, end) in [
        (counts.truncated, "in part"),
        (counts.failed, failed),
        (counts.skipped, "empty"),
        (counts.not_begun, "not begun"),
    ] {
        if count > 0 {
            parts.push(format!("{} {end}", grouped(count)));
        }
    }
    format!("{} = {}", grouped(counts.total()), parts.join(" + "))
}

#[cfg(test)]
mod tests {
    use patterns_core::{Covered, Gap};

    use super::*;

    fn check(gaps: usize, more_gaps: u64, expected: &str) {
        let gap = |n| Gap {
            name: format!("d#{n}"),
            end: Covered::Failed,
        };
        let failed = gaps as u64 + more_gaps;
        let coverage = Coverage {
            documents: CoverageCounts {
                mapped: 1,
                truncated: u64::from(failed > 0),
                ..CoverageCounts::default()
            },
            chunks: CoverageCounts {
                mapped: 2,
                failed,
                ..CoverageCounts::default()
            },
            halved: more_gaps,
            gaps: (1..=gaps).map(gap).collect(),
            more_gaps,
            more_not_begun: false,
        };
        assert_eq!(coverage_line(&coverage, Counts::default()), expected);
    }

    #[test]
    fn what_was_not_waited_for_has_not_failed() {
        let mut coverage = Coverage::default();
        coverage.documents.add(Covered::Mapped);
        coverage.documents.add(Covered::Failed);
        for (failed, cancelled, expected) in [
            (1, 0, "documents: 2 = 1 mapped + 1 failed"),
            (0, 1, "documents: 2 = 1 mapped + 1 broken off"),
            (1, 1, "documents: 2 = 1 mapped + 1 failed or broken off"),
        ] {
            let branches = Counts {
                failed,
                cancelled,
                ..Counts::default()
            };
            assert_eq!(coverage_line(&coverage, branches), expected);
        }
    }

    #[test]
    fn some_gaps_are_named_and_all_are_counted() {
        check(0, 0, "documents: 1 = 1 mapped · chunks: 2 = 2 mapped");
        check(
            1,
            0,
            "documents: 2 = 1 mapped + 1 in part · chunks: 3 = 2 mapped + 1 failed · in no answer: d#1",
        );
        check(
            7,
            1,
            "documents: 2 = 1 mapped + 1 in part · chunks: 10 = 2 mapped + 8 failed · halved 1 · in no \
             answer: d#1, d#2, d#3, d#4, d#5 and 3 more",
        );
    }
    #[test]
    fn what_was_not_begun_is_said() {
        let mut coverage = Coverage {
            documents: CoverageCounts {
                mapped: 19,
                not_begun: 34,
                ..CoverageCounts::default()
            },
            ..Coverage::default()
        };
        let known = coverage_line(&coverage, Counts::default());
        assert_eq!(known, "documents: 53 = 19 mapped + 34 not begun");
        coverage.documents.not_begun = 0;
        coverage.more_not_begun = true;
        let open = coverage_line(&coverage, Counts::default());
        assert_eq!(open, "documents: 19 = 19 mapped · the rest was not read");
    }
}
