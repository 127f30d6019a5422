//! No file or module has a name that says nothing about what is in it.

use super::{Problem, Source};

const FORBIDDEN: [&str; 12] = [
    "prelude", "util", "utils", "common", "types", "manager", "managers", "helper", "helpers",
    "misc", "shared", "imp",
];

/// Finds Rust files, their folders and inline modules with such names.
pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let parts = source.path.split('/');
        for name in parts.map(|part| part.trim_end_matches(".rs")) {
            problems.extend(judge(&source.path, name));
        }
        for (place, line) in source.lines() {
            problems.extend(inline_module(line).and_then(|name| judge(&place, name)));
        }
    }
    problems
}

fn judge(place: &str, name: &str) -> Option<Problem> {
    let message = || format!("`{name}` says nothing: name it after what is in it");
    FORBIDDEN
        .contains(&name)
        .then(|| Problem::error(place, message()))
}

/// Returns the name of the module that begins on a line, with its body there too.
fn inline_module(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
    let line = line.strip_prefix("pub ").unwrap_or(line);
    line.strip_prefix("mod ")?.strip_suffix(" {")
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::super::source::source;
    use super::*;

    fn check_one(path: &str, text: &str, expected: &[&str]) {
        assert_eq!(
            shown(&check(&[source(path, text)])),
            expected,
            "{path}: {text:?}"
        );
    }

    #[test]
    fn empty_names_are_found_in_paths() {
        check_one(
            "crates/a/src/utils.rs",
            "",
            &["error: crates/a/src/utils.rs: `utils` says nothing: name it after what is in it"],
        );
        check_one(
            "crates/a/src/common/mod.rs",
            "",
            &[
                "error: crates/a/src/common/mod.rs: `common` says nothing: name it after what is in it",
            ],
        );
        check_one("crates/a/src/commonness.rs", "", &[]);
        check_one("docs/types.md", "", &[]);
    }

    #[test]
    fn empty_names_are_found_in_inline_modules() {
        check_one(
            "a.rs",
            "mod b {\n    pub(crate) mod helper {\n",
            &["error: a.rs:2: `helper` says nothing: name it after what is in it"],
        );
        check_one("a.rs", "mod tests {\n// mod helper {\nuse types;\n", &[]);
    }
}
