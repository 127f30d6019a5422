//! The README's tables list what there is: the examples in the order of their manifest, and the exit codes.

use super::Problem;
use crate::example_list::MANIFEST;

/// Where the exit codes are, below the root.
pub(super) const EXIT_CODES: &str = "crates/patterns-cli/src/exit_code.rs";

/// Compares the README's tables with the names of the examples, and with the constants in the source of the codes.
pub(super) fn check(readme: &str, examples: &[String], codes: &str) -> Vec<Problem> {
    let listed = first_column(readme, "## Examples");
    let names: Vec<(&str, &str)> = examples.iter().map(|it| ("example", it.as_str())).collect();
    let mut problems = differences(&listed, &names, MANIFEST);
    if problems.is_empty() && listed != examples {
        let message = format!("its table of examples has another order than {MANIFEST}");
        problems.push(Problem::new("README.md", message));
    }
    let codes = constants(codes);
    if codes.is_empty() {
        problems.push(Problem::new(EXIT_CODES, "has no constant of type u8"));
    }
    let listed = first_column(readme, "### Exit codes");
    problems.extend(differences(&listed, &codes, EXIT_CODES));
    problems
}

/// Finds what only one of a table and a source has.
fn differences(listed: &[&str], known: &[(&str, &str)], source: &str) -> Vec<Problem> {
    let missing = known.iter().filter(|it| !listed.contains(&it.1));
    let missing = missing.map(|(name, value)| {
        Problem::new(
            source,
            format!("{name} `{value}` is missing in the README's table"),
        )
    });
    let unknown = listed
        .iter()
        .filter(|it| !known.iter().any(|(_, known)| known == *it));
    let unknown = unknown.map(|it| {
        Problem::new(
            "README.md",
            format!("a table has `{it}`, which {source} has not"),
        )
    });
    missing.chain(unknown).collect()
}

/// Returns the first cells of the table below a heading, without its head and without backticks.
fn first_column<'a>(text: &'a str, heading: &str) -> Vec<&'a str> {
    let section = text.lines().skip_while(|line| *line != heading).skip(1);
    let rows = section
        .take_while(|line| !line.starts_with('#'))
        .filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    // The head of a table is two lines: the names of its columns, and dashes.
    cells
        .skip(2)
        .map(|cell| cell.trim().trim_matches('`'))
        .collect()
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

    fn check_lists(examples: &[&str], codes: &str, expected: &[&str]) {
        let readme = "## Examples\n\n| example | shows |\n|---|---|\n| `a` | x |\n| `b` | y |\n\n\
                      ### Exit codes\n\n| code | meaning |\n|---|---|\n| 0 | done |\n| 2 | usage |\n";
        let examples: Vec<String> = examples.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(
            shown(&check(readme, &examples, codes)),
            expected,
            "{examples:?} {codes}"
        );
    }

    const BOTH: &str =
        "pub(crate) const SUCCESS: u8 = 0;\n/// Wrong.\npub(crate) const USAGE: u8 = 2;\n";

    #[test]
    fn the_examples_are_those_of_the_manifest() {
        check_lists(&["a", "b"], BOTH, &[]);
        let missing = "error: examples/Cargo.toml: example `c` is missing in the README's table";
        check_lists(&["a", "b", "c"], BOTH, &[missing]);
        let unknown = "error: README.md: a table has `b`, which examples/Cargo.toml has not";
        check_lists(&["a"], BOTH, &[unknown]);
        let order =
            "error: README.md: its table of examples has another order than examples/Cargo.toml";
        check_lists(&["b", "a"], BOTH, &[order]);
    }

    #[test]
    fn the_exit_codes_are_those_of_the_source() {
        let source = format!("{BOTH}const EMPTY: u8 = 4;\n");
        let missing = format!("error: {EXIT_CODES}: EMPTY `4` is missing in the README's table");
        check_lists(&["a", "b"], &source, &[&missing]);
        let none = format!("error: {EXIT_CODES}: has no constant of type u8");
        let unknown =
            |code| format!("error: README.md: a table has `{code}`, which {EXIT_CODES} has not");
        check_lists(
            &["a", "b"],
            "const SUCCESS: i32 = 0;\n",
            &[&none, &unknown(0), &unknown(2)],
        );
    }
}
