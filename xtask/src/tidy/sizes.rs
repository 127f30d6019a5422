//! Files stay short enough to be read in one go.

use super::{Problem, Source};

/// More than this is worth a thought about what could move.
const AIM: usize = 250;
const MOST: usize = 400;
const MOST_OF_A_TEST: usize = 600;
const MOST_OF_AN_EXAMPLE: usize = 80;

/// Finds Rust files with too many lines.
pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let files = sources.iter().filter(|source| source.is_rust());
    files.filter_map(check_one).collect()
}

fn check_one(source: &Source) -> Option<Problem> {
    let lines = source.text.lines().count();
    let (aim, most) = match (source.is_test(), source.is_example()) {
        (true, _) => (MOST_OF_A_TEST, MOST_OF_A_TEST),
        (false, true) => (MOST_OF_AN_EXAMPLE, MOST_OF_AN_EXAMPLE),
        (false, false) => (AIM, MOST),
    };
    if lines > most {
        let message = format!("has {lines} lines; at most {most}, so split it");
        return Some(Problem::error(&source.path, message));
    }
    let message = || format!("has {lines} lines; aim for {aim}");
    (lines > aim).then(|| Problem::warning(&source.path, message()))
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::super::source::source;
    use super::*;

    fn check_lines(path: &str, lines: usize, expected: &[&str]) {
        let text = "x\n".repeat(lines);
        assert_eq!(
            shown(&check(&[source(path, &text)])),
            expected,
            "{path}, {lines} lines"
        );
    }

    #[test]
    fn each_kind_of_file_has_its_limit() {
        let source = "crates/a/src/lib.rs";
        check_lines(source, 250, &[]);
        check_lines(
            source,
            251,
            &["warning: crates/a/src/lib.rs: has 251 lines; aim for 250"],
        );
        check_lines(
            source,
            400,
            &["warning: crates/a/src/lib.rs: has 400 lines; aim for 250"],
        );
        check_lines(
            source,
            401,
            &["error: crates/a/src/lib.rs: has 401 lines; at most 400, so split it"],
        );
        check_lines("crates/a/tests/it/main.rs", 600, &[]);
        check_lines(
            "crates/a/src/b/tests.rs",
            601,
            &["error: crates/a/src/b/tests.rs: has 601 lines; at most 600, so split it"],
        );
        check_lines("examples/b.rs", 80, &[]);
        check_lines(
            "examples/b.rs",
            81,
            &["error: examples/b.rs: has 81 lines; at most 80, so split it"],
        );
        check_lines("README.md", 5000, &[]);
    }
}
