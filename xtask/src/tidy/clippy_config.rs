//! The `clippy.toml` of a library repeats that of the root, which clippy does not read there.

use anyhow::{Context, Result};
use toml::Table;

use super::Problem;

/// Finds keys of the root's file that a library's file lacks or sets otherwise.
pub(super) fn check(path: &str, root: &str, library: &str) -> Result<Vec<Problem>> {
    let root: Table = root.parse().context("clippy.toml")?;
    let library: Table = library.parse().with_context(|| path.to_owned())?;
    let different = root
        .iter()
        .filter(|(key, value)| library.get(*key) != Some(value));
    let problems = different.map(|(key, value)| {
        let message = format!("must have `{key} = {value}`, as the root's clippy.toml has");
        Problem::new(path, message)
    });
    let mut problems: Vec<Problem> = problems.collect();
    if !library.contains_key("disallowed-methods") {
        problems.push(Problem::new(
            path,
            "must ban methods that libraries may not call",
        ));
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::*;

    fn check_library(library: &str, expected: &[&str]) {
        let root = "allow-dbg-in-tests = true\n";
        assert_eq!(
            shown(&check("a/clippy.toml", root, library).unwrap()),
            expected,
            "{library}"
        );
    }

    #[test]
    fn the_keys_of_the_root_are_repeated() {
        let bans = "disallowed-methods = []\n";
        check_library(&format!("allow-dbg-in-tests = true\nx = 1\n{bans}"), &[]);
        let problem = "error: a/clippy.toml: must have `allow-dbg-in-tests = true`, as the root's \
                       clippy.toml has";
        check_library(bans, &[problem]);
        check_library(&format!("allow-dbg-in-tests = false\n{bans}"), &[problem]);
        check_library(
            "allow-dbg-in-tests = true\n",
            &["error: a/clippy.toml: must ban methods that libraries may not call"],
        );
    }
}
