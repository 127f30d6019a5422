//! The changelog has a place for what is not released yet, before all that is.

use super::Problem;

/// Checks that the first version in the changelog is the unreleased one.
pub(super) fn check(changelog: &str) -> Option<Problem> {
    let first = changelog.lines().find(|line| line.starts_with("## "));
    let message = "its first section must be `## [Unreleased]`";
    (first != Some("## [Unreleased]")).then(|| Problem::error("CHANGELOG.md", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unreleased_comes_first() {
        assert_eq!(
            check("# Changelog\n\n## [Unreleased]\n\n## [0.1.0]\n"),
            None
        );
        assert!(check("# Changelog\n\n## [0.1.0]\n\n## [Unreleased]\n").is_some());
        assert!(check("# Changelog\n").is_some());
    }
}
