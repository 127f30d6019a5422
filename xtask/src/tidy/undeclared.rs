//! No Rust file lies about that no module declares, so that it is never compiled.

use std::collections::HashMap;

use super::{Problem, Source};

/// Files that cargo finds by itself.
const ROOTS: [&str; 3] = ["lib.rs", "main.rs", "build.rs"];

/// Finds Rust files below a `src` or `tests` folder that their parent module does not declare.
pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let files = sources.iter().filter(|source| source.is_rust());
    let texts: HashMap<&str, &str> = files
        .map(|source| (source.path.as_str(), source.text.as_str()))
        .collect();
    let mut lost: Vec<&str> = texts
        .keys()
        .copied()
        .filter(|path| !is_declared(path, &texts))
        .collect();
    lost.sort_unstable();
    lost.into_iter()
        .map(|path| Problem::new(path, "no `mod` declares it, so it is never compiled"))
        .collect()
}

fn is_declared(path: &str, texts: &HashMap<&str, &str>) -> bool {
    let path = path
        .strip_suffix("/mod.rs")
        .or(path.strip_suffix(".rs"))
        .unwrap_or(path);
    let Some((folder, name)) = path.rsplit_once('/') else {
        return true;
    };
    let is_root = ROOTS
        .iter()
        .any(|root| root.strip_suffix(".rs") == Some(name));
    let parts: Vec<&str> = folder.split('/').collect();
    let has_modules = parts.contains(&"src") || parts.windows(2).any(|at| at == ["tests", "it"]);
    if is_root || !has_modules || parts.ends_with(&["src", "bin"]) {
        return true;
    }
    let parents = ["/mod.rs", ".rs", "/lib.rs", "/main.rs"].map(|end| format!("{folder}{end}"));
    parents
        .iter()
        .filter_map(|parent| texts.get(parent.as_str()))
        .any(|text| {
            let declaration = format!("mod {name};");
            text.lines().any(|line| {
                let line = line.trim();
                line.ends_with(&declaration) && !line.starts_with("//")
            })
        })
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::super::source::source;
    use super::*;

    #[test]
    fn declared_files_are_fine() {
        let sources = [
            source("crates/a/src/lib.rs", "mod b;\npub mod c;\n"),
            source("crates/a/src/b.rs", "#[cfg(test)]\nmod tests;\n"),
            source("crates/a/src/b/tests.rs", ""),
            source("crates/a/src/c/mod.rs", "mod d;\n"),
            source("crates/a/src/c/d.rs", ""),
            source("crates/a/tests/it/main.rs", "mod e;\n"),
            source("crates/a/tests/it/e.rs", ""),
            source("crates/a/benches/f.rs", ""),
            source("crates/a/tests/g.rs", ""),
            source("examples/h.rs", ""),
        ];
        assert_eq!(shown(&check(&sources)), [""; 0]);
    }

    #[test]
    fn forgotten_files_are_found() {
        let sources = [
            source("crates/a/src/lib.rs", "// mod b;\nmod cc;\n"),
            source("crates/a/src/b.rs", ""),
            source("crates/a/src/c/mod.rs", ""),
            source("crates/a/src/b/tests.rs", ""),
            source("crates/a/tests/it/main.rs", ""),
            source("crates/a/tests/it/e.rs", ""),
        ];
        let places = [
            "src/b.rs",
            "src/b/tests.rs",
            "src/c/mod.rs",
            "tests/it/e.rs",
        ];
        let expected = places.map(|place| {
            format!("error: crates/a/{place}: no `mod` declares it, so it is never compiled")
        });
        assert_eq!(shown(&check(&sources)), expected);
    }
}
