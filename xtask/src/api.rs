//! `cargo xtask api`: the public names of each library, committed in `api/`, so that their growth is
//! a decision that is seen in a change.
//!
//! The names are read from the list of all items that rustdoc writes. Its JSON would also tell
//! methods and signatures, but is not stable.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::cargo::{cargo, root, run as run_command, target};
use crate::tidy::LIBRARIES;

/// Whether to write or to compare.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Fail if a list differs from what is committed, and write nothing
    #[arg(long)]
    pub(crate) check: bool,
}

/// Writes the lists, or compares them.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut doc = cargo(["doc", "--quiet", "--all-features", "--no-deps"]);
    for library in LIBRARIES {
        doc.args(["--package", library]);
    }
    run_command(&mut doc)?;
    let mut differing = Vec::new();
    for library in LIBRARIES {
        let page = target()
            .join("doc")
            .join(library.replace('-', "_"))
            .join("all.html");
        let html = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
        let list = items(&html);
        let committed = committed(library);
        if args.check {
            let before = fs::read_to_string(&committed).unwrap_or_default();
            differing.extend(changes(&before, &list).map(|change| format!("{library}: {change}")));
        } else {
            fs::create_dir_all(root().join("api"))?;
            fs::write(&committed, list)?;
        }
    }
    if differing.is_empty() {
        return Ok(());
    }
    bail!(
        "the public names are not those in api/:\n  {}\nif this is meant, run `cargo xtask api`",
        differing.join("\n  ")
    );
}

fn committed(library: &str) -> PathBuf {
    root().join("api").join(format!("{library}.txt"))
}

/// Returns a line for each public item: `KIND PATH`, in the order of the paths.
fn items(html: &str) -> String {
    let hrefs = html.split("<li><a href=\"").skip(1);
    let mut items: Vec<(String, &str)> = hrefs
        .filter_map(|rest| {
            let href = rest.split('"').next()?.strip_suffix(".html")?;
            let (folder, file) = href.rsplit_once('/').unwrap_or(("", href));
            let (kind, name) = file.split_once('.')?;
            let path = format!("{folder}/{name}");
            Some((path.trim_start_matches('/').replace('/', "::"), kind))
        })
        .collect();
    items.sort();
    items
        .iter()
        .map(|(path, kind)| format!("{kind} {path}\n"))
        .collect()
}

/// Returns the lines that are in one list alone.
fn changes<'a>(before: &'a str, now: &'a str) -> impl Iterator<Item = String> + 'a {
    let gone = before
        .lines()
        .filter(move |line| !now.lines().any(|other| other == *line));
    let new = now
        .lines()
        .filter(move |line| !before.lines().any(|other| other == *line));
    gone.map(|line| format!("- {line}"))
        .chain(new.map(|line| format!("+ {line}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_items_of_a_page_are_listed() {
        let html = "<li><a href=\"#structs\" title=\"Structs\">Structs</a></li>\
                    <li><a href=\"trait.Agent.html\">Agent</a></li>\
                    <li><a href=\"voting/enum.Rule.html\">voting::Rule</a></li>\
                    <li><a href=\"fn.connect.html\">connect</a></li>";
        assert_eq!(items(html), "trait Agent\nfn connect\nenum voting::Rule\n");
    }

    #[test]
    fn what_changed_is_named() {
        let found: Vec<String> = changes("fn a\nfn b\n", "fn b\nfn c\n").collect();
        assert_eq!(found, ["- fn a", "+ fn c"]);
    }
}
