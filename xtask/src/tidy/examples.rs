//! The README lists the examples that there are, in the order of their manifest.

use super::Problem;
use super::markdown::first_column;
use crate::example_list::MANIFEST;

/// Compares the README's table with the names in the manifest.
pub(super) fn check(readme: &str, names: &[String]) -> Vec<Problem> {
    let listed = first_column(readme, "## Examples");
    let mut problems = Vec::new();
    for name in names.iter().filter(|name| !listed.contains(&name.as_str())) {
        let message = format!("`{name}` is missing in the README's table of examples");
        problems.push(Problem::error(MANIFEST, message));
    }
    for name in listed
        .iter()
        .filter(|listed| !names.iter().any(|name| name == **listed))
    {
        let message = format!("its table of examples has `{name}`, which {MANIFEST} has not");
        problems.push(Problem::error("README.md", message));
    }
    if problems.is_empty() && listed != names {
        let message = format!("its table of examples has another order than {MANIFEST}");
        problems.push(Problem::error("README.md", message));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::*;

    fn check_names(names: &[&str], expected: &[&str]) {
        let readme = "## Examples\n\n| example | shows |\n|---|---|\n| `a` | x |\n| `b` | y |\n";
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(shown(&check(readme, &names)), expected, "{names:?}");
    }

    #[test]
    fn the_table_is_the_manifest() {
        check_names(&["a", "b"], &[]);
        check_names(
            &["a", "b", "c"],
            &["error: examples/Cargo.toml: `c` is missing in the README's table of examples"],
        );
        check_names(
            &["a"],
            &["error: README.md: its table of examples has `b`, which examples/Cargo.toml has not"],
        );
        check_names(
            &["b", "a"],
            &["error: README.md: its table of examples has another order than examples/Cargo.toml"],
        );
    }
}
