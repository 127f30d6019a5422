//! Reads the tree, runs all checks on it and prints what they find.

use anyhow::{Result, bail};

use super::{
    Problem, Source, circles, faults, files, layers, map, pages, places, readme, reasons, source,
    strings, undeclared,
};
use crate::cargo::{cargo, output, root};
use crate::example_list;

/// Runs all checks.
pub(crate) fn run() -> Result<()> {
    let sources = source::read_all(root())?;
    source::not_empty(&sources)?;
    let problems = all(&sources)?;
    for problem in &problems {
        println!("{problem}");
    }
    match problems.len() {
        0 => println!("tidy: {} files, no errors", sources.len()),
        errors => bail!("tidy found {errors} errors"),
    }
    Ok(())
}

fn all(sources: &[Source]) -> Result<Vec<Problem>> {
    let read = |path: &'static str| source::text(sources, path);
    let manifest = read("Cargo.toml")?;
    let example_names = example_list::names(read(example_list::MANIFEST)?)?;
    let mut problems = Vec::new();
    problems.extend(files::check(sources));
    problems.extend(strings::check(sources));
    problems.extend(undeclared::check(sources));
    problems.extend(circles::check(sources));
    problems.extend(faults::check(read(faults::LIST)?, sources));
    problems.extend(map::check(read(places::LIST)?, sources));
    problems.extend(places::check(read(places::LIST)?, sources));
    let codes = read(readme::EXIT_CODES)?;
    problems.extend(readme::check(read("README.md")?, &example_names, codes));
    problems.extend(reasons::check(manifest));
    for (page, most) in pages::PAGES {
        problems.extend(pages::check(page, read(page)?, most));
    }
    for library in layers::LIBRARIES {
        problems.extend(layers::check(library, &tree(library)?));
    }
    problems.extend(layers::check_usual(&usual_tree()?));
    Ok(problems)
}

/// Returns what a library depends on, all of its features on, one `NAME VERSION` a line.
fn tree(library: &str) -> Result<String> {
    tree_of(&["--package", library, "--all-features"])
}

/// Returns what the command depends on as most people build it.
fn usual_tree() -> Result<String> {
    tree_of(&["--package", "patterns-cli"])
}

fn tree_of(what: &[&str]) -> Result<String> {
    let mut command = cargo(["tree", "--edges=normal", "--prefix=none", "--format={p}"]);
    output(command.args(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layers_of_this_workspace_hold() {
        for library in layers::LIBRARIES {
            let tree = tree(library).unwrap();
            assert_eq!(layers::check(library, &tree), [], "{library}");
        }
        assert_eq!(layers::check_usual(&usual_tree().unwrap()), []);
    }
}
