//! Keeps what was fetched and built outside of the tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo::output;

/// Returns the folder of a thing, which `make` fills first if it is not there; a folder that was made by
/// half is made again.
pub(crate) fn kept(name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let all = all()?;
    let folder = all.join(name);
    if folder.exists() {
        return Ok(folder);
    }
    println!("{name} is fetched and built, and kept in {}", all.display());
    let half = all.join(format!("{name}.{}", std::process::id()));
    fs::create_dir_all(&half)?;
    make(&half)?;
    match fs::rename(&half, &folder) {
        // Another run was quicker.
        Err(_) if folder.exists() => fs::remove_dir_all(&half)?,
        renamed => renamed?,
    }
    Ok(folder)
}

/// Installs a package of npm in a folder.
pub(crate) fn install(folder: &Path, package: &str) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]);
    npm.arg("--prefix").arg(folder).arg(package);
    output(&mut npm).with_context(|| {
        format!("{package} is fetched by npm, which comes with Node.js: install it, or mend it")
    })?;
    Ok(())
}

/// Installs a package of npm of a version, and checks that it is the one that it was.
pub(crate) fn install_this(
    folder: &Path,
    package: &str,
    version: &str,
    digest: &str,
) -> Result<()> {
    install(folder, &format!("{package}@{version}"))?;
    let lock = fs::read_to_string(folder.join("node_modules/.package-lock.json"))?;
    let lock: Value = serde_json::from_str(&lock)?;
    let found = &lock["packages"][format!("node_modules/{package}")]["integrity"];
    ensure!(
        found == digest,
        "{package} {version} is another package than it was: {found}"
    );
    Ok(())
}

/// Returns the folder of all that is kept.
fn all() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty());
    if let Some(cache) = set("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(cache).join("patterns-xtask"));
    }
    let home = set("HOME").or_else(|| set("USERPROFILE"));
    let home =
        home.context("there is no home to keep things in: set XDG_CACHE_HOME to a folder")?;
    Ok(PathBuf::from(home).join(".cache").join("patterns-xtask"))
}
