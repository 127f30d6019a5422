//! The README lists the exit codes that the command has.

use super::Problem;
use super::markdown::first_column;

/// Where the exit codes are, below the root.
pub(super) const SOURCE: &str = "crates/patterns-cli/src/exit_code.rs";

/// Compares the README's table with the constants in the source.
pub(super) fn check(readme: &str, source: &str) -> Vec<Problem> {
    let listed: Vec<&str> = first_column(readme, "### Exit codes");
    let codes = constants(source);
    let mut problems = Vec::new();
    if codes.is_empty() {
        problems.push(Problem::error(SOURCE, "has no constant of type u8"));
    }
    for (name, code) in codes.iter().filter(|(_, code)| !listed.contains(code)) {
        let message = format!("{name} = {code} is missing in the README's table of exit codes");
        problems.push(Problem::error(SOURCE, message));
    }
    for code in listed
        .iter()
        .filter(|code| !codes.iter().any(|(_, known)| known == *code))
    {
        let message = format!("its table of exit codes has {code}, which {SOURCE} has not");
        problems.push(Problem::error("README.md", message));
    }
    problems
}

/// Returns names and values of the `u8` constants in a source.
fn constants(source: &str) -> Vec<(&str, &str)> {
    let declarations = source
        .lines()
        .filter_map(|line| line.split_once("const ")?.1.split_once(": u8 = "));
    declarations
        .map(|(name, value)| (name, value.trim_end_matches(';')))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::*;

    fn check_source(source: &str, expected: &[&str]) {
        let readme =
            "### Exit codes\n\n| code | meaning |\n|---|---|\n| 0 | done |\n| 2 | usage |\n";
        assert_eq!(shown(&check(readme, source)), expected, "{source}");
    }

    #[test]
    fn the_table_is_the_source() {
        let both =
            "pub(crate) const SUCCESS: u8 = 0;\n/// Wrong.\npub(crate) const USAGE: u8 = 2;\n";
        check_source(both, &[]);
        check_source(
            &format!("{both}const EMPTY: u8 = 4;\n"),
            &[
                "error: crates/patterns-cli/src/exit_code.rs: EMPTY = 4 is missing in the README's \
             table of exit codes",
            ],
        );
        check_source(
            "const SUCCESS: u8 = 0;\n",
            &["error: README.md: its table of exit codes has 2, which \
             crates/patterns-cli/src/exit_code.rs has not"],
        );
    }

    #[test]
    fn a_source_without_codes_is_not_read_right() {
        let problems = shown(&check("", "const SUCCESS: i32 = 0;\n"));
        assert_eq!(
            problems,
            ["error: crates/patterns-cli/src/exit_code.rs: has no constant of type u8",]
        );
    }
}
