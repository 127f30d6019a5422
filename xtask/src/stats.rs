//! `cargo xtask stats`: how large the tree is, crate by crate, and how much a user has to know.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::binary::{build, patterns};
use crate::cargo::{output, root};
use crate::tidy::without_tests;

/// The commands whose options are counted.
const COMMANDS: [&str; 3] = ["section", "vote", "map-reduce"];

/// Prints the figures of all crates and commands.
pub(crate) fn run() -> Result<()> {
    println!(
        "{:20} {:>6} {:>7} {:>6} {:>6} {:>6}",
        "crate", "files", "lines", "names", "root", "why"
    );
    let mut folders: Vec<_> = fs::read_dir(root().join("crates"))?.collect::<Result<_, _>>()?;
    folders.sort_by_key(fs::DirEntry::file_name);
    for folder in folders {
        let name = folder.file_name().to_string_lossy().into_owned();
        println!("{}", crate_figures(&folder.path())?.row(&name));
    }
    build()?;
    println!("\n{:20} {:>7} {:>7}", "command", "options", "lines of -h");
    for command in COMMANDS {
        let help = |flag| output(Command::new(patterns()).args([command, flag]));
        let long = help("--help")?;
        let options = long.lines().filter(|line| is_option(line)).count();
        println!(
            "{command:20} {options:>7} {:>7}",
            help("-h")?.lines().count()
        );
    }
    println!(
        "\nlines: of production code, tests left out; names: public types, traits, functions and\n\
         constants, wherever they are; root: names that lib.rs offers; why: comments that are no\n\
         documentation, in % of the lines"
    );
    Ok(())
}

/// What is counted of a crate.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    files: usize,
    lines: usize,
    names: usize,
    at_root: usize,
    comments: usize,
}

impl Figures {
    fn add(&mut self, text: &str) {
        let code = without_tests(text);
        self.files += 1;
        self.lines += code.lines().count();
        let trimmed = || code.lines().map(str::trim_start);
        self.names += trimmed().filter(|line| is_public(line)).count();
        self.comments += trimmed().filter(|line| is_comment(line)).count();
    }

    fn row(&self, name: &str) -> String {
        let tenths = self.comments * 1000 / self.lines.max(1);
        format!(
            "{name:20} {:>6} {:>7} {:>6} {:>6} {:>4}.{}",
            self.files,
            self.lines,
            self.names,
            self.at_root,
            tenths / 10,
            tenths % 10
        )
    }
}

fn crate_figures(folder: &Path) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut open = vec![folder.join("src")];
    while let Some(place) = open.pop() {
        for entry in fs::read_dir(&place).with_context(|| place.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() && name != "tests" {
                open.push(path);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let text = fs::read_to_string(&path)?;
                if name == "lib.rs" {
                    figures.at_root = names_at_root(&text);
                }
                figures.add(&text);
            }
        }
    }
    Ok(figures)
}

/// Counts the names that a `lib.rs` re-exports, and its public modules.
fn names_at_root(text: &str) -> usize {
    let modules = text.lines().filter(|line| line.starts_with("pub mod "));
    modules.count() + crate::tidy::reexports(text)
}

fn is_public(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("pub ") else {
        return false;
    };
    let rest = rest.strip_prefix("const fn ").map_or(rest, |_| "fn ");
    let rest = rest.strip_prefix("async ").unwrap_or(rest);
    ["struct ", "enum ", "trait ", "fn ", "const ", "type "]
        .iter()
        .any(|kind| rest.starts_with(kind))
}

fn is_comment(line: &str) -> bool {
    line.starts_with("//") && !line.starts_with("///") && !line.starts_with("//!")
}

/// Returns whether a line of `--help` begins an option.
fn is_option(line: &str) -> bool {
    let text = line.trim_start();
    text.starts_with('-') && line.len() - text.len() <= 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_of_a_file() {
        let text = "//! Head.\n\n/// Doc.\npub struct A;\npub(crate) fn b() {}\npub const fn c() {}\n\
                    // Why.\nfn d() {}\n#[cfg(test)]\nmod tests {\n    pub fn e() {}\n}\n";
        let mut figures = Figures::default();
        figures.add(text);
        let expected = Figures {
            files: 1,
            lines: 8,
            names: 2,
            at_root: 0,
            comments: 1,
        };
        assert_eq!(figures, expected);
        assert_eq!(
            figures.row("a"),
            "a                         1       8      2      0   12.5"
        );
    }

    #[test]
    fn the_root_is_what_lib_offers() {
        assert_eq!(
            names_at_root("mod a;\npub mod b;\npub use a::{C, D};\npub use a::E;\n"),
            4
        );
    }

    #[test]
    fn options_are_told_from_their_words() {
        assert!(is_option("  -n, --votes <N>"));
        assert!(is_option("      --rule <RULE>"));
        assert!(!is_option("          - exact: as it says"));
        assert!(!is_option("Options:"));
    }
}
