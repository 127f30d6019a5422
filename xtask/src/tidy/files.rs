//! Every Rust file starts with a sentence about what it is responsible for, has a name that says what is in it, and is
//! short enough to be read in one go.

use super::{Problem, Source};

/// Names of files and folders that say nothing about what is in them.
const EMPTY_NAMES: [&str; 12] = [
    "prelude", "util", "utils", "common", "types", "manager", "managers", "helper", "helpers",
    "misc", "shared", "imp",
];

const MOST: usize = 400;
const MOST_OF_A_TEST: usize = 600;
const MOST_OF_AN_EXAMPLE: usize = 80;

/// Finds Rust files that are otherwise.
pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let files = sources.iter().filter(|source| source.is_rust());
    files
        .flat_map(|it| [header(it), name(it), size(it)])
        .flatten()
        .collect()
}

fn header(source: &Source) -> Option<Problem> {
    let header = source.text.strip_prefix("//! ");
    let is_fine = header.is_some_and(|rest| rest.starts_with(|first: char| !first.is_whitespace()));
    let message = "must start with a `//!` sentence that says what it is responsible for";
    (!is_fine).then(|| Problem::new(&source.path, message))
}

fn name(source: &Source) -> Option<Problem> {
    let mut parts = source
        .path
        .split('/')
        .map(|part| part.trim_end_matches(".rs"));
    let name = parts.find(|it| EMPTY_NAMES.contains(it))?;
    let message = format!("`{name}` says nothing: name it after what is in it");
    Some(Problem::new(&source.path, message))
}

fn size(source: &Source) -> Option<Problem> {
    let lines = source.text.lines().count();
    let most = match (source.is_test(), source.is_example()) {
        (true, _) => MOST_OF_A_TEST,
        (false, true) => MOST_OF_AN_EXAMPLE,
        (false, false) => MOST,
    };
    let message = format!("has {lines} lines; at most {most}, so split it");
    (lines > most).then(|| Problem::new(&source.path, message))
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::super::source::source;
    use super::*;

    fn check_one(path: &str, text: &str, expected: &[&str]) {
        let expected: Vec<String> = expected
            .iter()
            .map(|it| format!("error: {path}: {it}"))
            .collect();
        assert_eq!(shown(&check(&[source(path, text)])), expected, "{path}");
    }

    #[test]
    fn the_first_line_decides() {
        let problem = "must start with a `//!` sentence that says what it is responsible for";
        check_one("a.rs", "//! Runs cargo.\n", &[]);
        check_one("a.md", "# A\n", &[]);
        for text in [
            "\n//! Runs cargo.\n",
            "// Runs cargo.\n",
            "//!\n//! Runs cargo.\n",
            "fn main() {}\n",
            "",
        ] {
            check_one("a.rs", text, &[problem]);
        }
    }

    #[test]
    fn empty_names_are_found() {
        for (path, name) in [
            ("crates/a/src/utils.rs", "utils"),
            ("crates/a/src/common/mod.rs", "common"),
        ] {
            let problem = format!("`{name}` says nothing: name it after what is in it");
            check_one(path, "//! A.\n", &[&problem]);
        }
        check_one("crates/a/src/commonness.rs", "//! A.\n", &[]);
        check_one("docs/types.md", "", &[]);
    }

    #[test]
    fn each_kind_of_file_has_its_limit() {
        for (path, most) in [
            ("crates/a/src/lib.rs", 400),
            ("crates/a/tests/it/main.rs", 600),
            ("crates/a/src/b/tests.rs", 600),
            ("examples/b.rs", 80),
        ] {
            let text = "//! A.\n".repeat(most);
            check_one(path, &text, &[]);
            let problem = format!("has {} lines; at most {most}, so split it", most + 1);
            check_one(path, &format!("{text}x\n"), &[&problem]);
        }
        check_one("README.md", &"x\n".repeat(5_000), &[]);
    }
}
