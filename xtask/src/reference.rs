//! `cargo xtask reference`: what the command says of its own configuration, written to where readers and
//! editors find it: `docs/configuration.md` below its introduction, and `schema/config.json`.
//!
//! A test of the command compares both with the code.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::binary::{build, patterns};
use crate::cargo::{output, root};

/// The line behind which the page is made.
const MADE: &str = "<!-- From here on made by `cargo xtask reference`. -->\n";

/// Writes both.
pub(crate) fn run() -> Result<()> {
    build()?;
    let say = |what| output(Command::new(patterns()).args(["config", what]));
    let folder = root().join("schema");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("config.json"), say("schema")?)?;
    let page = root().join("docs").join("configuration.md");
    let text = fs::read_to_string(&page)?;
    let (introduction, _) = text
        .split_once(MADE)
        .context("docs/configuration.md has lost the line behind which it is made")?;
    fs::write(page, format!("{introduction}{MADE}\n{}", say("keys")?))?;
    Ok(())
}
