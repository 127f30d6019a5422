//! Some things must not be written at all.

use super::{Problem, Source};

/// What must not be in any text file, and why. In two pieces, so that this file has none of them.
const EVERYWHERE: [(&str, &str, &str); 3] = [
    ("/ho", "me/", "is somebody's own path"),
    ("/Us", "ers/", "is somebody's own path"),
    ("/ro", "ot/", "is somebody's own path"),
];

/// What must not be in Rust code outside comments, and what to do instead; clippy knows the rest.
const IN_CODE: [(&str, &str, &str); 2] = [
    ("#[ig", "nore", "is no test: make it run or delete it"),
    (
        "thread::",
        "sleep",
        "waits for real time: pause tokio's clock instead",
    ),
];

/// The file that waits for processes other than our own.
const MAY_WAIT: &str = "xtask/src/wait.rs";

/// Finds what must not be there.
pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in sources {
        for (place, line) in source.lines() {
            problems.extend(find(&place, line, &EVERYWHERE));
            let is_code = source.is_rust() && !line.trim_start().starts_with("//");
            let is_code = is_code && source.path != MAY_WAIT;
            if is_code {
                problems.extend(find(&place, line, &IN_CODE));
            }
        }
    }
    problems
}

fn find(place: &str, line: &str, banned: &[(&str, &str, &str)]) -> Vec<Problem> {
    let found = banned.iter().filter_map(|(start, rest, why)| {
        let text = format!("{start}{rest}");
        line.contains(&text)
            .then(|| Problem::new(place, format!("`{text}` {why}")))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::super::source::source;
    use super::*;

    fn check_line(path: &str, line: &str, expected: &[&str]) {
        assert_eq!(
            shown(&check(&[source(path, line)])),
            expected,
            "{path}: {line}"
        );
    }

    #[test]
    fn own_paths_are_found_in_any_file() {
        let path = concat!("see /ho", "me/me/notes.md");
        let found = concat!("`/ho", "me/` is somebody's own path");
        check_line("a.md", path, &[&format!("error: a.md:1: {found}")]);
        check_line(
            "a.rs",
            &format!("// {path}"),
            &[&format!("error: a.rs:1: {found}")],
        );
        check_line("a.md", "see the home page", &[]);
    }

    #[test]
    fn tests_run_and_wait_for_nothing() {
        for (start, rest, why) in IN_CODE {
            let text = format!("{start}{rest}");
            let line = format!("    {text}x)");
            check_line("a.rs", &line, &[&format!("error: a.rs:1: `{text}` {why}")]);
            check_line("a.rs", &format!("    // {text}"), &[]);
            check_line(MAY_WAIT, &line, &[]);
            check_line("a.md", &line, &[]);
        }
        check_line("a.rs", "tokio::time::sleep(second).await;", &[]);
    }
}
