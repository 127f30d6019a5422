//! Every source file of a crate is on the map of ARCHITECTURE.md: by its name, or by a folder that it is in.

use super::{Problem, Source};

/// Finds source files that the map does not lead to.
pub(super) fn check(map: &str, sources: &[Source]) -> Vec<Problem> {
    let files = sources.iter().filter(|it| it.is_rust() && !it.is_test());
    let lost = files.filter(|source| {
        let place = parts(&source.path);
        place.is_some_and(|(name, rest)| !leads_to(part_of(map, name), rest))
    });
    lost.map(|source| {
        let message = "is not on the map of ARCHITECTURE.md, nor is a folder that it is in";
        Problem::new(&source.path, message)
    })
    .collect()
}

/// Returns the crate of a file and its path below `src`.
fn parts(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("crates/")?.split_once("/src/")
}

/// Returns what the map says of a crate: from its name in bold to the next one.
fn part_of<'a>(map: &'a str, name: &str) -> &'a str {
    let begin = format!("**`{name}`**");
    let part = map.split_once(&begin).map_or("", |(_, part)| part);
    let end = part.find("**`").or_else(|| part.find("\n## "));
    end.map_or(part, |end| &part[..end])
}

/// Returns whether a part of the map names a file, or a folder that it is in.
fn leads_to(part: &str, path: &str) -> bool {
    if matches!(path, "lib.rs" | "main.rs") || part.contains(&format!("`{path}`")) {
        return true;
    }
    let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    let mut names = folders.flat_map(|it| [format!("`{it}/`"), format!("`{it}.rs`")]);
    names.any(|it| part.contains(&it))
}

#[cfg(test)]
mod tests {
    use super::super::source::source;
    use super::*;

    const MAP: &str = "- **`a`**: `x.rs` and `deep/`.\n- **`b`**: `y.rs`.\n\n## More\n`z.rs`\n";

    fn is_found(path: &str) -> bool {
        check(MAP, &[source(path, "")]).is_empty()
    }

    #[test]
    fn a_file_is_found_by_its_name_or_its_folder() {
        let found = [
            "a/src/x.rs",
            "a/src/deep/er/y.rs",
            "a/src/x/part.rs",
            "b/src/lib.rs",
        ];
        assert!(found.iter().all(|path| is_found(&format!("crates/{path}"))));
    }

    #[test]
    fn a_file_of_another_crate_or_place_is_not_found() {
        let lost = ["a/src/y.rs", "b/src/x.rs", "b/src/z.rs", "a/src/other/x.rs"];
        assert!(!lost.iter().any(|path| is_found(&format!("crates/{path}"))));
        assert!(is_found("xtask/src/w.rs") && is_found("crates/a/src/w/tests.rs"));
    }
}
