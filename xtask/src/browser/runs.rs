//! Makes the pages: of runs of the built command, and of invented ones.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::binary;
use crate::cargo::{cargo, run as run_command, target};

/// Calls of the large page.
const CALLS: &str = "100000";

/// Makes all pages in a folder.
pub(super) fn make(folder: &Path) -> Result<()> {
    binary::build()?;
    let example = [
        "build",
        "--quiet",
        "--package",
        "patterns-report",
        "--example",
        "synthetic",
    ];
    run_command(&mut cargo(example))?;
    synthetic(folder, "hostile", &["hostile"])?;
    synthetic(folder, "large", &["large", CALLS])
}

fn synthetic(folder: &Path, name: &str, words: &[&str]) -> Result<()> {
    let file = File::create(folder.join(name).with_extension("html"))?;
    let program = target().join("debug").join("examples").join("synthetic");
    run_command(Command::new(program).args(words).stdout(Stdio::from(file)))
}
