//! The command `patterns`: built, and asked about its stores.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::cargo::{cargo, output, run as run_command, target};

/// Builds it.
pub(crate) fn build() -> Result<()> {
    run_command(&mut cargo([
        "build",
        "--quiet",
        "--package",
        "patterns-cli",
    ]))
}

/// Returns where it is, once it is built.
pub(crate) fn patterns() -> PathBuf {
    let name = format!("patterns{}", std::env::consts::EXE_SUFFIX);
    target().join("debug").join(name)
}

/// Returns how many calls are recorded, after the store was found to be whole.
pub(crate) fn recorded(store: &Path) -> Result<u64> {
    if !store.exists() {
        return Ok(0);
    }
    let mut verify = Command::new(patterns());
    verify
        .args(["store", "verify", "--output", "json", "--store"])
        .arg(store);
    let said = output(&mut verify)?;
    let health: serde_json::Value = serde_json::from_str(&said)?;
    match health["good"].as_u64() {
        Some(good) => Ok(good),
        None => bail!("the store said {said:?}"),
    }
}
