//! The list of faults names, for each, the tests that hold against it, and they exist.

use std::collections::HashSet;

use super::{Problem, Source};

/// Where the list is, below the root.
pub(super) const LIST: &str = "docs/faults.md";

/// How many faults there are: F01 to F107.
const COUNT: usize = 107;

/// How a row begins its last cell where no test can hold, with the reason after it.
const EXCUSES: [&str; 2] = ["not tested: ", "does not apply: "];

/// Finds faults that are missing, and tests that are named and are not there.
pub(super) fn check(list: &str, sources: &[Source]) -> Vec<Problem> {
    let tests = tests(sources);
    let rows: Vec<Row<'_>> = list.lines().enumerate().filter_map(Row::read).collect();
    let mut problems = Vec::new();
    for number in 1..=COUNT {
        let name = format!("F{number:02}");
        match rows.iter().filter(|row| row.name == name).count() {
            1 => {}
            0 => problems.push(Problem::new(LIST, format!("{name} is missing"))),
            _ => problems.push(Problem::new(LIST, format!("{name} has more than one row"))),
        }
    }
    problems.extend(rows.iter().flat_map(|row| row.check(&tests)));
    problems
}

/// A row of the list: `| F01 | the fault | what happens | tests, or why there is none |`.
struct Row<'a> {
    line: usize,
    name: &'a str,
    held_by: &'a str,
}

impl<'a> Row<'a> {
    fn read((index, line): (usize, &'a str)) -> Option<Self> {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let &[_, name, _, _, held_by, _] = cells.as_slice() else {
            return None;
        };
        name.starts_with('F').then_some(Self {
            line: index + 1,
            name,
            held_by,
        })
    }

    fn check(&self, tests: &HashSet<String>) -> Vec<Problem> {
        let place = format!("{LIST}:{}", self.line);
        if EXCUSES
            .iter()
            .any(|excuse| self.held_by.starts_with(excuse))
        {
            return Vec::new();
        }
        let named: Vec<&str> = self.held_by.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            let message = format!(
                "{} names no test, and no reason why there is none",
                self.name
            );
            return vec![Problem::new(place, message)];
        }
        let missing = named.iter().filter(|test| !tests.contains(**test));
        missing
            .map(|test| Problem::new(&*place, format!("there is no test `{test}`")))
            .collect()
    }
}

/// Returns the tests of the tree as `CRATE/PATH.rs::NAME`.
fn tests(sources: &[Source]) -> HashSet<String> {
    let rust = sources.iter().filter(|source| source.is_rust());
    rust.flat_map(|source| {
        let path = source.path.strip_prefix("crates/").unwrap_or(&source.path);
        names(&source.text).map(move |name| format!("{path}::{name}"))
    })
    .collect()
}

/// Returns the names of functions with an attribute that ends in `test`, or in a `proptest!`: those
/// that take no receiver and stand below such a line.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let mut is_test = false;
    text.lines().filter_map(move |line| {
        let line = line.trim_start();
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        }
        let name = function(line)?;
        std::mem::take(&mut is_test).then_some(name)
    })
}

fn function(line: &str) -> Option<&str> {
    let rest = line
        .strip_prefix("async ")
        .unwrap_or(line)
        .strip_prefix("fn ")?;
    rest.split(['(', '<']).next()
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::super::source::source;
    use super::*;

    fn list(row: &str) -> String {
        let others = (2..=COUNT).map(|n| format!("| F{n:02} | x | y | not tested: z |\n"));
        format!("{row}\n{}", others.collect::<String>())
    }

    fn check_row(row: &str, expected: &[&str]) {
        let text = "#[test]\nfn one() {}\nfn other() {}\n    #[tokio::test(start_paused = true)]\n    async fn two() {}\n";
        let sources = [source("crates/a/src/b.rs", text)];
        assert_eq!(shown(&check(&list(row), &sources)), expected, "{row}");
    }

    #[test]
    fn tests_that_are_there_hold() {
        check_row(
            "| F01 | x | y | `a/src/b.rs::one`, `a/src/b.rs::two` |",
            &[],
        );
        check_row("| F01 | x | y | does not apply: no server |", &[]);
    }

    #[test]
    fn what_is_missing_is_named() {
        check_row("", &["error: docs/faults.md: F01 is missing"]);
        check_row(
            "| F01 | x | y | `a/src/b.rs::other` |",
            &["error: docs/faults.md:1: there is no test `a/src/b.rs::other`"],
        );
        check_row(
            "| F01 | x | y | surely |",
            &["error: docs/faults.md:1: F01 names no test, and no reason why there is none"],
        );
    }

    #[test]
    fn a_fault_has_one_row() {
        check_row(
            "| F01 | x | y | not tested: z |\n| F02 | x | y | not tested: z |",
            &["error: docs/faults.md: F02 has more than one row"],
        );
    }
}
