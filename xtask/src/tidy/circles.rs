//! No more than three files of a crate import from each other in a circle.
//!
//! Re-exports are followed: who imports `super::Thing` from a `mod.rs` that re-exports it depends on
//! the file that defines it. What a `mod.rs` or a `lib.rs` re-exports is no dependency of its own, or
//! every file that is named there would be in a circle with it.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Import, imports};
use super::{Problem, Source};

/// How many files may be in one circle.
const LONGEST: usize = 3;

/// Finds circles that are too large.
pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let found = crates(sources)
        .into_values()
        .flat_map(|files| circles(&files));
    let large = found.filter(|circle| circle.len() > LONGEST);
    large
        .map(|circle| {
            let message = format!(
                "{} files import from each other in a circle: {}",
                circle.len(),
                circle.join(", ")
            );
            Problem::new(circle[0].clone(), message)
        })
        .collect()
}

/// A file, by its module path below its crate: `["voting", "rule"]`.
type Modules<'a> = BTreeMap<Vec<String>, File<'a>>;

struct File<'a> {
    path: &'a str,
    imports: Vec<Import>,
}

/// Returns the modules of each crate.
fn crates(sources: &[Source]) -> BTreeMap<&str, Modules<'_>> {
    let mut crates: BTreeMap<&str, Modules<'_>> = BTreeMap::new();
    for source in sources
        .iter()
        .filter(|source| source.is_rust() && !source.is_test())
    {
        let Some((name, below)) = source.path.split_once("/src/") else {
            continue;
        };
        let file = File {
            path: &source.path,
            imports: imports(&source.text),
        };
        crates.entry(name).or_default().insert(module(below), file);
    }
    crates
}

/// Returns the path of the module that a file is: `a/b.rs` and `a/b/mod.rs` are both `a::b`.
fn module(below: &str) -> Vec<String> {
    let path = below.trim_end_matches(".rs");
    let path = path.trim_end_matches("/mod");
    match path {
        "lib" | "main" | "mod" => Vec::new(),
        path => path.split('/').map(str::to_owned).collect(),
    }
}

/// Returns the strongly connected files, those with more than one member.
fn circles(modules: &Modules<'_>) -> Vec<Vec<String>> {
    let edges: BTreeMap<&[String], BTreeSet<Vec<String>>> = modules
        .iter()
        .map(|(at, file)| (at.as_slice(), targets(modules, at, file)))
        .collect();
    let reach: BTreeMap<&[String], BTreeSet<&[String]>> = edges
        .keys()
        .map(|&at| (at, reachable(&edges, at)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for &at in edges.keys() {
        let both = |other: &&[String]| reach[other].contains(at);
        let circle: Vec<&[String]> = reach[at].iter().copied().filter(both).collect();
        if circle.len() > 1 && !circle.iter().any(|member| seen.contains(member)) {
            seen.extend(circle.iter().copied());
            let paths = circle.iter().map(|&member| modules[member].path.to_owned());
            found.push(paths.collect());
        }
    }
    found
}

fn reachable<'a>(
    edges: &'a BTreeMap<&[String], BTreeSet<Vec<String>>>,
    start: &[String],
) -> BTreeSet<&'a [String]> {
    let mut found = BTreeSet::new();
    let mut open = vec![start.to_vec()];
    while let Some(at) = open.pop() {
        for next in edges.get(at.as_slice()).into_iter().flatten() {
            if found.insert(next.as_slice()) {
                open.push(next.clone());
            }
        }
    }
    found
}

/// Returns the modules that a file depends on.
fn targets(modules: &Modules<'_>, at: &[String], file: &File<'_>) -> BTreeSet<Vec<String>> {
    let own = file.imports.iter().filter(|import| !import.is_reexport);
    own.filter_map(|import| resolve(modules, at, &import.path, 0))
        .filter(|target| target != at)
        .collect()
}

/// Returns the module that defines what a path names, as far as it is in this crate.
fn resolve(
    modules: &Modules<'_>,
    at: &[String],
    path: &[String],
    depth: usize,
) -> Option<Vec<String>> {
    let mut here = at.to_vec();
    let mut parts = path.iter().peekable();
    match parts.peek().map(|part| part.as_str()) {
        Some("crate") => here.clear(),
        Some("super" | "self") => {}
        // `use a::B` is a module below this one, or another crate.
        Some(first) if modules.contains_key(&child(&here, first)) => {}
        _ => return None,
    }
    while let Some(part) = parts.next() {
        match part.as_str() {
            "crate" | "self" => {}
            "super" => {
                here.pop();
            }
            name if modules.contains_key(&child(&here, name)) => here.push(name.to_owned()),
            name => {
                let rest: Vec<String> = parts.cloned().collect();
                return Some(defined(modules, &here, name, &rest, depth));
            }
        }
    }
    Some(here)
}

/// Returns where a name that a module offers is defined: there, or where its re-export leads.
fn defined(
    modules: &Modules<'_>,
    here: &[String],
    name: &str,
    rest: &[String],
    depth: usize,
) -> Vec<String> {
    let exports = modules.get(here).map(|file| file.imports.as_slice());
    let export = exports
        .unwrap_or_default()
        .iter()
        .find(|import| import.name == name);
    // A re-export of a re-export of … ends somewhere, unless the code does not compile.
    let Some(export) = export.filter(|_| depth < 16) else {
        return here.to_vec();
    };
    let path: Vec<String> = export.path.iter().chain(rest).cloned().collect();
    resolve(modules, here, &path, depth + 1).unwrap_or_else(|| here.to_vec())
}

fn child(module: &[String], name: &str) -> Vec<String> {
    let mut path = module.to_vec();
    path.push(name.to_owned());
    path
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::super::source::source;
    use super::*;

    fn check_files(files: &[(&str, &str)], expected: &[&str]) {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| source(&format!("crates/x/src/{path}"), text))
            .collect();
        assert_eq!(shown(&check(&sources)), expected, "{files:?}");
    }

    #[test]
    fn circles_of_four_are_found_through_re_exports() {
        check_files(
            &[
                ("lib.rs", "mod m;\n"),
                (
                    "m/mod.rs",
                    "mod a;\nmod b;\nmod c;\nmod d;\npub use a::A;\npub use b::B;\n",
                ),
                ("m/a.rs", "use super::B;\n"),
                ("m/b.rs", "use crate::m::c::C;\n"),
                ("m/c.rs", "use super::d::{self, D};\n"),
                ("m/d.rs", "use super::A;\n"),
            ],
            &[
                "error: crates/x/src/m/a.rs: 4 files import from each other in a circle: \
               crates/x/src/m/a.rs, crates/x/src/m/b.rs, crates/x/src/m/c.rs, crates/x/src/m/d.rs",
            ],
        );
    }

    #[test]
    fn small_circles_and_lines_are_no_matter() {
        let files = [
            ("a.rs", "use crate::b::B;\n"),
            ("b.rs", "use crate::c::C;\n"),
            ("c.rs", "use crate::a::A;\nuse std::fmt;\n"),
        ];
        check_files(&files, &[]);
        check_files(
            &[
                ("a.rs", "use crate::b;\n"),
                ("b.rs", "use crate::c;\n"),
                ("c.rs", ""),
            ],
            &[],
        );
    }
}
