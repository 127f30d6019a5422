//! The text files of the tree, as git sees them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo::output;

/// A text file.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Where it is, below the root, with `/` between the parts.
    pub(super) path: String,
    /// What is in it.
    pub(super) text: String,
}

impl Source {
    /// Returns whether it is Rust.
    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Returns whether it is a test: in a `tests` folder, or a `tests.rs` beside what it tests.
    pub(super) fn is_test(&self) -> bool {
        self.path
            .split('/')
            .any(|part| matches!(part, "tests" | "tests.rs"))
    }

    /// Returns whether it is one of the examples.
    pub(super) fn is_example(&self) -> bool {
        let rest = self.path.strip_prefix("examples/");
        self.is_rust() && rest.is_some_and(|rest| !rest.contains('/'))
    }

    /// Returns the lines with their numbers, as `PATH:NUMBER`.
    pub(super) fn lines(&self) -> impl Iterator<Item = (String, &str)> {
        let lines = self.text.lines().enumerate();
        lines.map(|(number, line)| (format!("{}:{}", self.path, number + 1), line))
    }
}

/// Reads all text files that git has or would add.
pub(super) fn read_all(root: &Path) -> Result<Vec<Source>> {
    let mut git = Command::new("git");
    git.args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]);
    let list = output(git.current_dir(root))?;
    let mut paths: Vec<&str> = list.split('\0').filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut sources = Vec::new();
    for path in paths {
        // A file that git knows and that is gone was just deleted.
        let Ok(bytes) = fs::read(root.join(path)) else {
            continue;
        };
        if let Ok(text) = String::from_utf8(bytes) {
            let path = path.to_owned();
            sources.push(Source { path, text });
        }
    }
    Ok(sources)
}

/// Returns the text of a file.
pub(super) fn text<'a>(sources: &'a [Source], path: &str) -> Result<&'a str> {
    let source = sources.iter().find(|source| source.path == path);
    let text = source.map(|source| source.text.as_str());
    text.with_context(|| format!("there is no {path}"))
}

/// Fails if there is no source, which would make every check pass.
pub(super) fn not_empty(sources: &[Source]) -> Result<()> {
    if sources.iter().any(Source::is_rust) {
        return Ok(());
    }
    bail!("git lists no Rust file here")
}

/// Makes a source for the tests of the checks.
#[cfg(test)]
pub(super) fn source(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_the_path() {
        let kinds = |path: &str| {
            let source = source(path, "");
            (source.is_rust(), source.is_test(), source.is_example())
        };
        assert_eq!(kinds("crates/a/src/lib.rs"), (true, false, false));
        assert_eq!(kinds("crates/a/tests/it/main.rs"), (true, true, false));
        assert_eq!(kinds("crates/a/src/b/tests.rs"), (true, true, false));
        assert_eq!(kinds("crates/a/src/b/tests/more.rs"), (true, true, false));
        assert_eq!(kinds("examples/fact_check.rs"), (true, false, true));
        assert_eq!(kinds("examples/src/lib.rs"), (true, false, false));
        assert_eq!(kinds("examples/data/notes.md"), (false, false, false));
    }

    #[test]
    fn without_any_source_no_check_passes() {
        assert!(not_empty(&[]).is_err());
        assert!(not_empty(&[source("README.md", "")]).is_err());
        assert!(not_empty(&[source("a.rs", "")]).is_ok());
    }
}
