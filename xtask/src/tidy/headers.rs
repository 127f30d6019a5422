//! Every Rust file starts with a sentence about what it is responsible for.

use super::{Problem, Source};

/// Finds Rust files that start with anything else.
pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let files = sources.iter().filter(|source| source.is_rust());
    let headless = files.filter(|source| {
        let header = source.text.strip_prefix("//! ");
        !header.is_some_and(|rest| rest.starts_with(|first: char| !first.is_whitespace()))
    });
    headless
        .map(|source| {
            let message = "must start with a `//!` sentence that says what it is responsible for";
            Problem::error(&source.path, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::source;
    use super::*;

    fn check_text(path: &str, text: &str, is_fine: bool) {
        assert_eq!(
            check(&[source(path, text)]).is_empty(),
            is_fine,
            "{path}: {text:?}"
        );
    }

    #[test]
    fn the_first_line_decides() {
        check_text("a.rs", "//! Runs cargo.\n", true);
        check_text("a.rs", "\n//! Runs cargo.\n", false);
        check_text("a.rs", "// Runs cargo.\n", false);
        check_text("a.rs", "//!\n//! Runs cargo.\n", false);
        check_text("a.rs", "fn main() {}\n", false);
        check_text("a.rs", "", false);
        check_text("a.md", "# A\n", true);
    }
}
