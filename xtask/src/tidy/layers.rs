//! The crates depend on each other, and on others, only as the architecture allows.

use super::Problem;

/// The library crates.
pub(crate) const LIBRARIES: [&str; 12] = [
    "patterns-core",
    "patterns-job",
    "patterns-llm",
    "patterns-offline",
    "patterns-parallel",
    "patterns-postgres",
    "patterns-report",
    "patterns-restate",
    "patterns-simulator",
    "patterns-source",
    "patterns-store",
    "patterns-testkit",
];

const HTTP_CLIENTS: [&str; 9] = [
    "async-openai",
    "curl",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "isahc",
    "reqwest",
    "rustls",
    "ureq",
];

/// What reads a command line or writes to a terminal.
const TERMINAL: [&str; 3] = ["clap", "indicatif", "tracing-subscriber"];

/// Checks what `cargo tree` prints for a library, one `NAME VERSION` a line.
pub(super) fn check(library: &str, tree: &str) -> Vec<Problem> {
    let names = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let mut names: Vec<&str> = names.filter(|name| *name != library).collect();
    names.sort_unstable();
    names.dedup();
    if !tree.starts_with(&format!("{library} ")) {
        return vec![Problem::new(library, "cargo printed no tree for it")];
    }
    let broken = names
        .into_iter()
        .filter_map(|name| Some((name, broken_rule(library, name)?)));
    broken
        .map(|(name, rule)| Problem::new(library, format!("depends on `{name}`: {rule}")))
        .collect()
}

/// What the command has only if it is asked for: it would take longer to build than the README promises.
const ASKED_FOR: [&str; 4] = [
    "patterns-postgres",
    "patterns-restate",
    "restate-sdk",
    "sqlx",
];

/// Checks what `cargo tree` prints for the command as most people build it.
pub(super) fn check_usual(tree: &str) -> Vec<Problem> {
    let names = tree.lines().filter_map(|it| it.split_whitespace().next());
    let heavy = names.filter(|it| ASKED_FOR.contains(it));
    let message = |it| format!("depends on `{it}` by default: it belongs behind a feature");
    heavy
        .map(|it| Problem::new("patterns-cli", message(it)))
        .collect()
}

/// Returns the rule that a library breaks by a dependency.
fn broken_rule(library: &str, name: &str) -> Option<&'static str> {
    let is_ours = name.starts_with("patterns-");
    let is_client = HTTP_CLIENTS.contains(&name);
    match library {
        "patterns-job" if TERMINAL.contains(&name) => Some("a job runs without a terminal"),
        "patterns-job"
            if [
                "patterns-cli",
                "patterns-postgres",
                "patterns-restate",
                "patterns-simulator",
                "patterns-testkit",
            ]
            .contains(&name) =>
        {
            Some("a job needs no surface and no tests")
        }
        // It alone puts the others together.
        "patterns-job" => None,
        "patterns-core" if is_ours => Some("core stands alone"),
        // Of tokio it has the token that ends a run, which works under any runtime and without one.
        "patterns-core" if ["mio", "tokio-macros"].contains(&name) => Some("core needs no runtime"),
        "patterns-core" | "patterns-offline" | "patterns-parallel" | "patterns-source"
        | "patterns-report" | "patterns-store"
            if is_client =>
        {
            Some("only patterns-llm speaks HTTP to providers")
        }
        "patterns-report" | "patterns-postgres"
            if ["patterns-core", "patterns-store"].contains(&name) =>
        {
            None
        }
        "patterns-report" if is_ours => {
            Some("a page is made of what a store has, and of nothing else")
        }
        _ if is_ours && name != "patterns-core" => Some("of our crates, libraries see only core"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::*;

    fn check_tree(library: &str, dependencies: &[&str], expected: &[&str]) {
        let names = [&[library], dependencies].concat();
        let tree: Vec<String> = names
            .iter()
            .map(|name| format!("{name} v1.0.0 (*)"))
            .collect();
        assert_eq!(
            shown(&check(library, &tree.join("\n"))),
            expected,
            "{library}"
        );
    }

    #[test]
    fn allowed_dependencies_are_fine() {
        for (library, dependencies) in [
            ("patterns-core", &["serde", "tokio-util", "tokio"][..]),
            ("patterns-llm", &["patterns-core", "reqwest", "tokio"]),
            ("patterns-parallel", &["patterns-core", "futures-util"]),
            ("patterns-testkit", &["patterns-core", "hyper", "axum"]),
            ("patterns-report", &["patterns-core", "patterns-store"]),
            ("patterns-restate", &["patterns-core", "reqwest"]),
            (
                "patterns-postgres",
                &["patterns-core", "patterns-store", "sqlx"],
            ),
            (
                "patterns-job",
                &["patterns-llm", "patterns-parallel", "hyper"],
            ),
        ] {
            check_tree(library, dependencies, &[]);
        }
    }

    #[test]
    fn broken_layers_are_found() {
        for (library, dependency, rule) in [
            (
                "patterns-core",
                "hyper",
                "only patterns-llm speaks HTTP to providers",
            ),
            ("patterns-core", "mio", "core needs no runtime"),
            ("patterns-core", "patterns-store", "core stands alone"),
            (
                "patterns-llm",
                "patterns-parallel",
                "of our crates, libraries see only core",
            ),
            (
                "patterns-report",
                "patterns-llm",
                "a page is made of what a store has, and of nothing else",
            ),
            (
                "patterns-restate",
                "patterns-llm",
                "of our crates, libraries see only core",
            ),
            ("patterns-job", "clap", "a job runs without a terminal"),
            (
                "patterns-job",
                "patterns-testkit",
                "a job needs no surface and no tests",
            ),
            (
                "patterns-parallel",
                "reqwest",
                "only patterns-llm speaks HTTP to providers",
            ),
        ] {
            let problem = format!("error: {library}: depends on `{dependency}`: {rule}");
            check_tree(
                library,
                &["patterns-core", dependency][usize::from(library == "patterns-core")..],
                &[&problem],
            );
        }
    }

    #[test]
    fn what_takes_long_to_build_is_built_if_asked_for() {
        for heavy in ["restate-sdk", "sqlx"] {
            let tree = format!("patterns-cli v1.0.0\npatterns-core v1.0.0\n{heavy} v0.8.6\n");
            let expected = format!(
                "error: patterns-cli: depends on `{heavy}` by default: it belongs behind a feature"
            );
            assert_eq!(shown(&check_usual(&tree)), [expected]);
        }
        assert_eq!(shown(&check_usual("patterns-cli v1.0.0\n")), [""; 0]);
    }

    #[test]
    fn an_empty_tree_is_not_read_right() {
        assert_eq!(check("patterns-core", "").len(), 1);
    }
}
