//! The pages that everybody reads stay short: merging has made them grow before, with nobody looking.

use super::problem::Problem;

/// The most lines of each.
pub(crate) const PAGES: [(&str, usize); 3] = [
    ("README.md", 150),
    ("ARCHITECTURE.md", 150),
    ("CHANGELOG.md", 120),
];

/// Says which page is too long; none has the same paragraph twice.
pub(crate) fn check(page: &str, text: &str, most: usize) -> Vec<Problem> {
    let mut problems = Vec::new();
    let lines = text.lines().count();
    if lines > most {
        problems.push(Problem::new(
            page,
            format!("has {lines} lines; at most {most}, what is more goes to a page of its own"),
        ));
    }
    let mut seen = std::collections::BTreeSet::new();
    // Short lines (fences, rows of rules) come twice for good reason.
    for line in text.lines().filter(|it| it.len() > 60) {
        if !seen.insert(line) {
            let begin: String = line.chars().take(40).collect();
            problems.push(Problem::new(page, format!("says twice: {begin}…")));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, most: usize) -> Vec<String> {
        let problems = check("README.md", text, most);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_page_is_short_and_says_nothing_twice() {
        let long = "A sentence of more than sixty letters, which stands here for a paragraph.\n";
        assert!(found(long, 1).is_empty());
        assert_eq!(
            found(&format!("{long}\n```\n```\n{long}"), 4),
            [
                "error: README.md: has 5 lines; at most 4, what is more goes to a page of its own",
                "error: README.md: says twice: A sentence of more than sixty letters, w…",
            ]
        );
    }
}
