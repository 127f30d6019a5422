//! The command `patterns`: built, and asked about its stores.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::cargo::{cargo, output, run as run_command, target};

/// Builds it.
pub(crate) fn build() -> Result<()> {
    build_so(&[])
}

/// Builds it with something that most people do without.
pub(crate) fn build_with(feature: &str) -> Result<()> {
    build_so(&["--features", feature])
}

/// Builds it fit to measure, with this, and returns where it is.
pub(crate) fn build_for_release(more: &[&str]) -> Result<PathBuf> {
    build_so(&[&["--release"], more].concat())?;
    Ok(in_profile("release"))
}

fn build_so(how: &[&str]) -> Result<()> {
    run_command(cargo(["build", "--quiet", "--package", "patterns-cli"]).args(how))
}

/// Returns where it is, once it is built.
pub(crate) fn patterns() -> PathBuf {
    in_profile("debug")
}

fn in_profile(name: &str) -> PathBuf {
    let file = format!("patterns{}", std::env::consts::EXE_SUFFIX);
    target().join(name).join(file)
}

/// Returns how many calls are recorded, after the store was found to be whole.
pub(crate) fn recorded(store: &Path) -> Result<u64> {
    if !store.exists() {
        return Ok(0);
    }
    count(&["store", "verify"], store, "good")
}

/// Returns how many calls of the first run are counted as under way when it was broken off.
pub(crate) fn lost(store: &Path) -> Result<u64> {
    count(&["show", "1"], store, "lost")
}

/// Asks for a number.
fn count(words: &[&str], store: &Path, name: &str) -> Result<u64> {
    let mut command = Command::new(patterns());
    command.args(words).args(["--output", "json", "--store"]);
    let said = output(command.arg(store))?;
    let answer: serde_json::Value = serde_json::from_str(&said)?;
    match answer[name].as_u64() {
        Some(count) => Ok(count),
        None => bail!("the store said {said:?}"),
    }
}
